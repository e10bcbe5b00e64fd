namespace MassTransit.Sidekiq;

// Collects the limits that one `UseSidekiqLimit` configures.
internal sealed class LimitsConfigurator : ISidekiqLimitsConfigurator
{
    const int DefaultReschedules = 100;

    readonly List<One> limits = [];
    int maxReschedules = DefaultReschedules;

    LimitsConfigurator() { }

    public int MaxReschedules
    {
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            maxReschedules = value;
        }
    }

    // For the messages of a consumer, or all of an endpoint.
    public static IReadOnlyList<EndpointLimit> Limits(
        Action<ISidekiqLimitsConfigurator> configure,
        IReadOnlyList<Type>? messages = null
    )
    {
        ArgumentNullException.ThrowIfNull(configure);
        var configurator = new LimitsConfigurator();
        configure(configurator);

        return
        [
            .. configurator.limits.Select(limit => new EndpointLimit(
                limit.Definition,
                messages,
                limit.Keys,
                configurator.maxReschedules
            )),
        ];
    }

    public ISidekiqLimitConfigurator Concurrent(string name, int slots) =>
        Add(name, SidekiqLimitKind.Concurrent, slots, TimeSpan.Zero);

    public ISidekiqLimitConfigurator Window(string name, int starts, TimeSpan period) =>
        Add(name, SidekiqLimitKind.Window, starts, period);

    public ISidekiqLimitConfigurator Bucket(string name, int capacity, TimeSpan period) =>
        Add(name, SidekiqLimitKind.Bucket, capacity, period);

    One Add(string name, SidekiqLimitKind kind, int most, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(name);
        var limit = new One(new LimitDefinition(name, kind, most, period));
        limits.Add(limit);
        return limit;
    }

    sealed class One(LimitDefinition definition) : ISidekiqLimitConfigurator
    {
        public LimitDefinition Definition => definition;

        public List<LimitKey> Keys { get; } = [];

        public ISidekiqLimitConfigurator By<TMessage>(Func<TMessage, object?> key)
            where TMessage : class
        {
            ArgumentNullException.ThrowIfNull(key);
            Keys.Add(new LimitKey<TMessage>(key));
            return this;
        }
    }
}
