using MassTransit.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MassTransit.Sidekiq;

// One bus at run time: the result of its configuration, shared by sending, receiving, scheduling, inspecting and draining.
internal sealed class BusRuntime : IInspected
{
    readonly Lock gate = new();
    SidekiqProcess? process;
    bool hasEnded;

    public BusRuntime(IHostConfiguration host, BusSettings settings, SidekiqPublishTopology publishTopology)
    {
        (Host, Settings, PublishTopology) = (host, settings, publishTopology);
        Failures = new JobFailure(new RetrySchedule(Random));
    }

    // MassTransit's host configuration.
    public IHostConfiguration Host { get; }

    public BusSettings Settings { get; }

    public SidekiqTimeFormat TimeFormat => Settings.Options.TimeFormat;

    public Uri Address => Host.HostAddress;

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    // The single source of randomness; everything else gets it injected.
#pragma warning disable RS0030
    public Random Random { get; } = Random.Shared;
#pragma warning restore RS0030

    public JobContracts Contracts { get; } = new();

    // Of the options as they are configured at last.
    public KeyRing Keys => field ??= KeyRing.Of(Settings.Options.EncryptionKeys);

    public Redaction Redaction => field ??= new Redaction(Contracts, Settings.Redact);

    public PublishedEntities Entities { get; } = new();

    public SidekiqPublishTopology PublishTopology { get; }

    public JobFailure Failures { get; }

    // The death handlers.
    public JobDeaths Deaths { get; } = new();

    // Makes the stores of its processes. A test harness without Redis makes stores in memory.
    public Func<RedisConnection, RedisKeys, DeadSet, RedisStores> MakeStores { get; set; } =
        static (redis, keys, dead) => new RedisStores(redis, keys, dead);

    public OwnEndpoints Endpoints { get; set; } = OwnEndpoints.None;

    // The Sidekiq process of this bus: created on first use, before the bus starts or when it does, and ended when the bus stops.
    // Later callers get the ended process, on which every operation fails.
    public SidekiqProcess Process
    {
        get
        {
            lock (gate)
            {
                return process ??= new SidekiqProcess(
                    Settings,
                    MakeStores,
                    Deaths,
                    Endpoints,
                    Redaction,
                    new Fleet(Random),
                    Logger(),
                    Clock
                );
            }
        }
    }

    // The same, if there is one that has not ended. Reading it does not create one.
    public SidekiqProcess? RunningProcess
    {
        get
        {
            lock (gate)
            {
                return hasEnded ? null : process;
            }
        }
    }

    // A bus that is started again is a new process in Redis.
    public SidekiqProcess BeginProcess()
    {
        lock (gate)
        {
            if (hasEnded)
            {
                (process, hasEnded) = (null, false);
            }

            return Process;
        }
    }

    public SidekiqProcess? EndProcess()
    {
        lock (gate)
        {
            if (hasEnded)
            {
                return null;
            }

            hasEnded = process is not null;
            return process;
        }
    }

    // The faults of all contracts that are known by now.
    public IEnumerable<ValidationResult> ValidateContracts() =>
        Settings.Options.EncryptionKeys.Count == 0
            ? [.. Contracts.Validate(), .. Contracts.Keyless()]
            : Contracts.Validate();

    RedisStores IInspected.Stores => Process.Stores;

    // The caller's thread does not have the bus's log context.
    async Task IInspected.Died(ReadOnlyMemory<byte> json, string queue, Exception cause)
    {
        LogContext.Current ??= Host.LogContext;
        await Deaths.Tell(json, queue, cause).ConfigureAwait(false);
    }

    // Null for a bus on another transport.
    public static BusRuntime? Find(IBusInstance bus) => (bus.HostConfiguration as IHasRuntime)?.Runtime;

    public static BusRuntime Of(IBusInstance bus) =>
        Find(bus)
        ?? throw new ConfigurationException(
            $"Bus {bus.InstanceType.Name} runs on {bus.HostConfiguration.HostAddress}, not on Sidekiq. Configure it with UsingSidekiq, or use what its transport offers."
        );

    ILogger Logger() => (Host.LogContext ?? LogContext.Current)?.Logger ?? NullLogger.Instance;
}

// The host configuration of a bus on this transport.
internal interface IHasRuntime
{
    BusRuntime Runtime { get; }
}
