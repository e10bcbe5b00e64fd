using MassTransit.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MassTransit.Sidekiq;

// One bus at run time: what its configuration comes to, seen by all that sends, receives, schedules, inspects and drains.
internal sealed class BusRuntime
{
    readonly Lock gate = new();
    SidekiqProcess? process;
    bool hasEnded;

    public BusRuntime(IHostConfiguration host, BusSettings settings, SidekiqPublishTopology publishTopology)
    {
        (Host, Settings, PublishTopology) = (host, settings, publishTopology);
        Failures = new JobFailure(new RetrySchedule(Random));
    }

    // As MassTransit knows it.
    public IHostConfiguration Host { get; }

    public BusSettings Settings { get; }

    public SidekiqTimeFormat TimeFormat => Settings.Options.TimeFormat;

    public Uri Address => Host.HostAddress;

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    // The one place where randomness comes from; all others are given it.
#pragma warning disable RS0030
    public Random Random { get; } = Random.Shared;
#pragma warning restore RS0030

    public JobContracts Contracts { get; } = new();

    public PublishedEntities Entities { get; } = new();

    public SidekiqPublishTopology PublishTopology { get; }

    public JobFailure Failures { get; }

    // Who hears of jobs that die.
    public JobDeaths Deaths { get; } = new();

    public OwnEndpoints Endpoints { get; set; } = OwnEndpoints.None;

    // What this bus is in Redis: made when it is first asked for, before the bus starts or when it does, and ended when the bus
    // stops. What still asks then gets the one that has ended, on which nothing can be done.
    public SidekiqProcess Process
    {
        get
        {
            lock (gate)
            {
                return process ??= new SidekiqProcess(Settings, Deaths, Endpoints, Logger(), Clock);
            }
        }
    }

    // The same, if there is one that has not ended: a mere look should not begin one.
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

    // A bus that starts anew is another process in Redis than before.
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

    // Null for a bus on another transport.
    public static BusRuntime? Find(IBusInstance bus) => (bus.HostConfiguration as IHasRuntime)?.Runtime;

    public static BusRuntime Of(IBusInstance bus) =>
        Find(bus)
        ?? throw new ConfigurationException(
            $"Bus {bus.InstanceType.Name} runs on {bus.HostConfiguration.HostAddress}, not on Sidekiq. Configure it with UsingSidekiq, or use what its transport offers."
        );

    ILogger Logger() => (Host.LogContext ?? LogContext.Current)?.Logger ?? NullLogger.Instance;
}

// The configuration of a bus that has one.
internal interface IHasRuntime
{
    BusRuntime Runtime { get; }
}
