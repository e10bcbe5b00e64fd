namespace MassTransit.Sidekiq;

// What an inspector looks into and changes: the Redis of a bus (`BusRuntime`), or one without a bus (`InspectedRedis`).
internal interface IInspected
{
    // Asked for on each call: a bus that is started again has others.
    RedisStores Stores { get; }

    TimeProvider Clock { get; }

    SidekiqTimeFormat TimeFormat { get; }

    // The message types of job classes, as far as they are known here.
    JobContracts Contracts { get; }

    // What of a job is shown.
    Redaction Redaction { get; }

    // A job was moved to the dead set; `json` is the job as it is stored there.
    Task Died(ReadOnlyMemory<byte> json, string queue, Exception cause);
}
