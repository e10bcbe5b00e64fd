using MassTransit.Configuration;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// One endpoint as its user configured it: queues, subscriptions and the job classes of its consumers.
internal sealed class SidekiqReceiveEndpointConfiguration
    : ReceiveEndpointConfiguration,
        ISidekiqReceiveEndpointConfigurator,
        IReceiveEndpointObserverConnector
{
    readonly SidekiqHostConfiguration host;
    readonly string name;
    readonly Lazy<Uri> inputAddress;
    readonly HashSet<string> topics = new(StringComparer.Ordinal);
    readonly List<string> withoutNamespace = [];
    readonly List<EndpointLimit> limits = [];
    readonly HashSet<Type> limitedConsumers = [];
    JobFailureOptions retry = JobFailureOptions.None;
    bool temporary;
    bool isLimited;

    public SidekiqReceiveEndpointConfiguration(
        SidekiqHostConfiguration host,
        string name,
        SidekiqEndpointConfiguration endpoint
    )
        : base(host, endpoint)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);

        this.host = host;
        this.name = name;
        inputAddress = new Lazy<Uri>(() => SidekiqEndpointAddress.Queue(host.HostAddress, name, temporary).ToUri());
        QueueOrder = new QueueOrder(name);
        _ = new ClassObserver(this);
    }

    public override Uri HostAddress => host.HostAddress;

    public override Uri InputAddress => inputAddress.Value;

    public string Name => name;

    public QueueOrder QueueOrder { get; }

    public JobClassMap Classes { get; } = new();

    public IReadOnlyCollection<string> Topics => topics;

    public bool Temporary
    {
        get => temporary;
        set
        {
            temporary = value;
            Changed(nameof(Temporary));
        }
    }

    public bool PurgeOnStartup { get; set; }

    public int Concurrency => ConcurrentMessageLimit ?? PrefetchCount;

    public bool HasErrorQueue { get; private set; }

    public void UseErrorQueue() => HasErrorQueue = true;

    public void UseSidekiqRetry(Action<ISidekiqRetryConfigurator> configure) =>
        retry = RetryConfigurator.Options(configure).Over(retry);

    public void UseSidekiqLimit(Action<ISidekiqLimitsConfigurator> configure) =>
        Limit(LimitsConfigurator.Limits(configure));

    public void Queues(Action<ISidekiqQueuesConfigurator> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(QueueOrder);
    }

    ConnectHandle IReceiveEndpointObserverConnector.ConnectReceiveEndpointObserver(IReceiveEndpointObserver observer) =>
        EndpointObservers.Connect(new GuardedEndpointObserver(observer));

    public void Subscribe<T>()
        where T : class => Subscribe(host.Runtime.PublishTopology.For<T>().EntityName);

    public void Subscribe(string topic) => topics.Add(topic);

    // A consumer of `T` takes the jobs of T's class, from any client, and subscribes the queue to T's topic.
    public void Consumes<T>(bool subscribe)
        where T : class
    {
        Classes.Add(host.Runtime.Contracts.For<T>());
        if (subscribe && ConfigureConsumeTopology && Topology.Consume.GetMessageTopology<T>().ConfigureConsumeTopology)
        {
            Subscribe<T>();
        }
    }

    public override ReceiveEndpointContext CreateReceiveEndpointContext() => CreateContext();

    public void Build(IHost host)
    {
        var context = CreateContext();
        var endpoint = new ReceiveEndpoint(new SidekiqReceiveTransport(context, this.host.StartReceiver), context);
        host.AddReceiveEndpoint(name, endpoint);
        ReceiveEndpoint = endpoint;
    }

    public override IEnumerable<ValidationResult> Validate()
    {
        foreach (var result in base.Validate().Concat(QueueOrder.Validate()).Concat(Classes.Validate()))
        {
            yield return result;
        }

        foreach (var message in withoutNamespace)
        {
            yield return this.Failure("Consumer", message);
        }

        if (QueueName.Fault(name, "Rename the endpoint.") is { } fault)
        {
            yield return this.Failure("Queue", fault);
        }

        if (Temporary && HasErrorQueue)
        {
            yield return this.Failure(
                "ErrorQueue",
                $"endpoint '{name}' is temporary, and its error queue would outlive it. Remove UseErrorQueue, or make the endpoint durable."
            );
        }

        if (Temporary && limits.Count > 0)
        {
            yield return this.Failure(
                "Limit",
                $"endpoint '{name}' is temporary, and its queue may be gone before a denied job starts. Remove UseSidekiqLimit, or make the endpoint durable."
            );
        }

        if (Temporary && QueueOrder.Names.Count > 1)
        {
            yield return this.Failure(
                "Temporary",
                $"endpoint '{name}' is temporary and consumes from {QueueOrder.Names.Count} queues. A temporary endpoint has one queue, its own."
            );
        }
    }

    protected override bool IsAlreadyConfigured() => inputAddress.IsValueCreated;

    SidekiqReceiveEndpointContext CreateContext()
    {
        ApplySpecifications(new Builder(this));

        // The message of a handler is known only now; those of consumers and sagas, since they were validated.
        Classes
            .Validate()
            .Concat(host.Runtime.ValidateContracts())
            .ThrowIfContainsFailure($"The receive endpoint '{name}' is invalid:");

        if (!Temporary)
        {
            host.Suggestions.Add(QueueOrder.Names[0], Classes);
        }

        var context = new SidekiqReceiveEndpointContext(host.Runtime, this, ToSettings(), host.Destinations);
        context.GetOrAddPayload<IErrorTransport>(() => JobErrorTransport.Instance);
        context.GetOrAddPayload<IDeadLetterTransport>(() => JobErrorTransport.Instance);
        context.GetOrAddPayload<IBusTopology>(() => host.Topology);

        return context;
    }

    // The filter comes with the first limit, so that an endpoint without limits has none.
    void Limit(IEnumerable<EndpointLimit> added)
    {
        if (!isLimited)
        {
            isLimited = true;
            AddPrePipeSpecification(new JobLimitSpecification());
        }

        foreach (var limit in added)
        {
            limits.Add(limit);
            host.Limits.Add(limit.Definition, name);
        }
    }

    // Called when the bus is built and everything is configured. The endpoint's retries take precedence over the bus's.
    EndpointSettings ToSettings() =>
        new()
        {
            Name = name,
            Queues = QueueOrder,
            Classes = Classes,
            Suggestions = host.Suggestions,
            Topics = topics,
            Concurrency = Concurrency,
            IsTemporary = Temporary,
            PurgesOnStartup = PurgeOnStartup,
            HasErrorQueue = HasErrorQueue,
            Keys = host.Runtime.Keys,
            Limits = limits.Count == 0 ? EndpointLimits.None : new EndpointLimits(limits),
            FailureOptions = retry.Over(
                (HasErrorQueue ? JobFailureOptions.NoRetries : host.Retry) with
                {
                    TimeFormat = host.Runtime.TimeFormat,
                }
            ),
        };

    // Records the messages of the consumers while they are validated, so that an ambiguous class is reported with all
    // other faults.
    sealed class ClassObserver : ConfigurationObserver, IMessageConfigurationObserver, IConsumerConfigurationObserver
    {
        readonly SidekiqReceiveEndpointConfiguration endpoint;

        public ClassObserver(SidekiqReceiveEndpointConfiguration endpoint)
            : base(endpoint)
        {
            this.endpoint = endpoint;
            Connect(this);
        }

        // MassTransit ignores message types without a namespace, and reports that only to senders.
        void IConsumerConfigurationObserver.ConsumerConfigured<TConsumer>(IConsumerConfigurator<TConsumer> configurator)
        {
            if (
                configurator.TryGetOptions<ConsumerLimits>(out var limits)
                && endpoint.limitedConsumers.Add(typeof(TConsumer))
            )
            {
                var messages = ConsumerLimits.MessagesOf(typeof(TConsumer));
                endpoint.Limit(limits.Of(messages));
                if (messages.Count == 0)
                {
                    endpoint.host.Limits.Refuse(
                        $"consumer {TypeName.Of(typeof(TConsumer))} of endpoint '{endpoint.name}' has limits and consumes no message: a job consumer is limited by its own options (ConcurrentJobLimit)."
                    );
                }
            }

            endpoint.withoutNamespace.AddRange(
                typeof(TConsumer)
                    .GetInterfaces()
                    .Where(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IConsumer<>))
                    .Select(face => face.GetGenericArguments()[0])
                    .Where(message => message.Namespace is null)
                    .Select(message =>
                        $"{TypeName.Of(typeof(TConsumer))} consumes {TypeName.Of(message)}, which has no namespace, and MassTransit "
                        + "does not accept such messages. Put it in a namespace."
                    )
            );
        }

        public void MessageConfigured<TMessage>(IConsumePipeConfigurator configurator)
            where TMessage : class => endpoint.Classes.Add(endpoint.host.Runtime.Contracts.For<TMessage>());

        public override void BatchConsumerConfigured<TConsumer, TMessage>(
            IConsumerMessageConfigurator<TConsumer, Batch<TMessage>> configurator
        ) => MessageConfigured<TMessage>(endpoint);
    }

    sealed class Builder(SidekiqReceiveEndpointConfiguration endpoint) : ReceiveEndpointBuilder(endpoint)
    {
        public override ConnectHandle ConnectConsumePipe<T>(IPipe<ConsumeContext<T>> pipe, ConnectPipeOptions options)
        {
            endpoint.Consumes<T>(options.HasFlag(ConnectPipeOptions.ConfigureConsumeTopology));
            return base.ConnectConsumePipe(pipe, options);
        }
    }
}
