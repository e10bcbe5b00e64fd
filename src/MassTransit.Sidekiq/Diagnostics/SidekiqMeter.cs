using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MassTransit.Sidekiq;

// The transport's metrics, for OpenTelemetry: `AddMeter("MassTransit.Sidekiq")`.
internal static class SidekiqMeter
{
    public const string Name = "MassTransit.Sidekiq";

    // Senders choose the names of classes and topics, so the number of tag values must be bounded.
    const int MostNames = 100;

    public static readonly KeyValuePair<string, object?> System = new("messaging.system", "sidekiq");

    public static readonly Meter Meter = new(Name);

    // As OpenTelemetry advises for durations from milliseconds to minutes.
    static readonly InstrumentAdvice<double> lateness = new()
    {
        HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600],
    };

    // The convention's for processing, and those of jobs that take minutes.
    static readonly InstrumentAdvice<double> durations = new()
    {
        HistogramBucketBoundaries =
        [
            0.005,
            0.01,
            0.025,
            0.05,
            0.075,
            0.1,
            0.25,
            0.5,
            0.75,
            1,
            2.5,
            5,
            7.5,
            10,
            30,
            60,
            300,
            900,
        ],
    };

    static readonly KeyValuePair<string, object?> receiving = new("messaging.operation.name", "receive");
    static readonly KeyValuePair<string, object?> sending = new("messaging.operation.name", "send");
    static readonly KeyValuePair<string, object?> processing = new("messaging.operation.name", "process");

    static readonly ConcurrentDictionary<string, byte> classes = new(StringComparer.Ordinal);
    static readonly ConcurrentDictionary<string, byte> destinations = new(StringComparer.Ordinal);
    static readonly Counter<long> unreadable = Meter.CreateCounter<long>(
        "sidekiq.jobs.unreadable",
        "{job}",
        "Attempts at jobs that cannot be consumed here: an unknown class, arguments that do not fit, or an entry that is not a job."
    );

    static readonly Counter<long> sent = Meter.CreateCounter<long>(
        "messaging.client.sent.messages",
        "{message}",
        "Messages sent or published, without those that an outbox sends."
    );
    static readonly Counter<long> claimed = Meter.CreateCounter<long>(
        "messaging.client.consumed.messages",
        "{message}",
        "Jobs taken from a queue."
    );
    static readonly Histogram<double> run = Meter.CreateHistogram<double>(
        "messaging.process.duration",
        "s",
        "How long a job ran, its settlement included.",
        tags: null,
        advice: durations
    );
    static readonly Counter<long> settled = Meter.CreateCounter<long>(
        "sidekiq.jobs.settled",
        "{job}",
        "Jobs that were run or gave up their slot, by outcome."
    );
    static readonly Counter<long> rescued = Meter.CreateCounter<long>(
        "sidekiq.jobs.rescued",
        "{job}",
        "Jobs of dead processes that were returned to their queues."
    );
    static readonly Counter<long> poisoned = Meter.CreateCounter<long>(
        "sidekiq.jobs.poisoned",
        "{job}",
        "Jobs buried because three processes died while they had them."
    );
    static readonly Counter<long> conflicts = Meter.CreateCounter<long>(
        "sidekiq.jobs.conflicts",
        "{job}",
        "Jobs that were not sent because another one is unique."
    );
    static readonly Counter<long> unrouted = Meter.CreateCounter<long>(
        "sidekiq.publish.unrouted",
        "{message}",
        "Messages that were published to a topic without a subscription, and dropped."
    );
    static readonly Histogram<double> lag = Meter.CreateHistogram<double>(
        "sidekiq.poll.lag",
        "s",
        "How late a retry or scheduled job moved to its queue.",
        tags: null,
        advice: lateness
    );

    public static void CountClaimed(string queue)
    {
        if (claimed.Enabled)
        {
            Add(claimed, 1, System, receiving, new("messaging.destination.name", queue));
        }
    }

    // A queue for responses has a name of its own for each process, which would be a tag value of its own.
    public static void CountSent(string destination, bool isTemporary)
    {
        if (sent.Enabled)
        {
            Add(
                sent,
                1,
                System,
                sending,
                new("messaging.destination.name", isTemporary ? "temporary" : Bounded(destinations, destination))
            );
        }
    }

    // `jobClass` is one that a contract names.
    public static void RecordRun(string queue, string? jobClass, TimeSpan elapsed, JobEnd end, Exception? failure)
    {
        if (!run.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            System,
            processing,
            new("messaging.destination.name", queue),
            new("sidekiq.job.class", Bounded(classes, jobClass)),
        };
        if (end.IsFailure())
        {
            tags.Add("error.type", failure?.GetType().FullName ?? "_OTHER");
        }

        try
        {
            run.Record(elapsed.TotalSeconds, tags);
        }
        catch (Exception fault)
        {
            ListenerFailed(fault);
        }
    }

    public static void CountSettled(string queue, JobEnd end)
    {
        if (settled.Enabled && end != JobEnd.None)
        {
            Add(
                settled,
                1,
                System,
                new("messaging.destination.name", queue),
                new("sidekiq.outcome", outcomes[(int)end])
            );
        }
    }

    public static void CountRescued(int jobs, int poison)
    {
        Add(rescued, jobs, System);
        Add(poisoned, poison, System);
    }

    public static void CountConflict(string queue) =>
        Add(conflicts, 1, System, new("messaging.destination.name", queue));

    public static void CountUnrouted(string topic)
    {
        if (unrouted.Enabled)
        {
            Add(unrouted, 1, System, new("messaging.destination.name", Bounded(destinations, topic)));
        }
    }

    public static void RecordLag(string set, TimeSpan late)
    {
        if (lag.Enabled)
        {
            try
            {
                lag.Record(late.TotalSeconds, System, new("sidekiq.set", set));
            }
            catch (Exception fault)
            {
                ListenerFailed(fault);
            }
        }
    }

    // Counts an attempt that failed because the job cannot be consumed; other failures do not count.
    public static void CountUnreadable(Exception fault, string? jobClass, string queue)
    {
        var reason = fault switch
        {
            UnknownJobClassException => "unknown_class",
            JobArgumentsException => "arguments",
            InvalidJobException => "no_job",
            _ => null,
        };

        if (reason is not null && unreadable.Enabled)
        {
            Add(
                unreadable,
                1,
                new("error.type", reason),
                new("sidekiq.job.class", Bounded(classes, jobClass)),
                new("messaging.destination.name", queue)
            );
        }
    }

    // In the order of JobEnd.
    static readonly string[] outcomes =
    [
        "none",
        "acknowledged",
        "expired",
        "retried",
        "buried",
        "discarded",
        "moved",
        "rescheduled",
        "put_back",
        "interrupted",
        "unreadable",
        "cancelled",
        "limited",
    ];

    // Listeners run in here, and one that throws must not cost a job.
    static void Add(Counter<long> counter, long count, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            counter.Add(count, tags);
        }
        catch (Exception fault)
        {
            ListenerFailed(fault);
        }
    }

    static void ListenerFailed(Exception fault) =>
        LogContext.Warning?.Log(ReadableException.For(fault), "A listener of the meter {Meter} failed", Name);

    static string Bounded(ConcurrentDictionary<string, byte> known, string? name)
    {
        if (name is null)
        {
            return "none";
        }

        return known.ContainsKey(name) || (known.Count < MostNames && known.TryAdd(name, 0)) ? name : "other";
    }
}
