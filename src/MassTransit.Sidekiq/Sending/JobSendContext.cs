using System.Text;
using MassTransit.Context;
using MassTransit.Observables;

namespace MassTransit.Sidekiq;

/// A message on its way to become a job. What was set on it, and what its contract says, survives an outbox as properties.
internal sealed class JobSendContext<T>(
    T message,
    CancellationToken cancellationToken,
    SidekiqHostConfiguration? host = null
)
    : MessageSendContext<T>(message, cancellationToken),
        SidekiqSendContext,
        RoutingKeySendContext,
        PartitionKeySendContext
    where T : class
{
    Dictionary<string, object?>? keys;
    JobOptions? options;

    public string JobId => MassTransit.Sidekiq.JobId.From(MessageId ?? Guid.Empty);

    public string? JobClass { get; set; }

    public SidekiqRetry Retry
    {
        get => Options.Retry;
        set => options = Options with { Retry = value };
    }

    public IReadOnlyList<string>? Tags
    {
        get => Options.Tags;
        set => options = Options with { Tags = value };
    }

    public SidekiqBacktrace? Backtrace
    {
        get => Options.Backtrace;
        set => options = Options with { Backtrace = value };
    }

    public bool? Dead
    {
        get => Options.Dead;
        set => options = Options with { Dead = value };
    }

    public TimeSpan? RetryFor
    {
        get => Options.RetryFor;
        set => options = Options with { RetryFor = value };
    }

    public string? RetryQueue
    {
        get => Options.RetryQueue;
        set => options = Options with { RetryQueue = value };
    }

    /// Travels with the message, and routes nothing.
    public string? RoutingKey { get; set; }

    /// Travels with the message, and orders nothing.
    public string? PartitionKey { get; set; }

    public JobOptions? JobOptions => options;

    /// Who hears of it, where it does not pass through the transport that made it: in an outbox.
    public SendObservable? Observers { get; init; }

    /// What an outbox that staged the message kept of its job.
    public StoredJob? Stored { get; private set; }

    /// What is to become a periodic job is taken by this instead of being sent.
    public PeriodicCapture? Capture { get; set; }

    public IReadOnlyDictionary<string, object?>? JobKeys => keys;

    JobOptions Options => options ?? MassTransit.Sidekiq.JobOptions.None;

    public void SetJobKey(string key, object? value)
    {
        if (JobWriter.IsReserved(key))
        {
            throw new ArgumentException(
                $"Job key '{key}' belongs to Sidekiq or to this transport. Set the option of that name, or choose another key.",
                nameof(key)
            );
        }

        (keys ??= new Dictionary<string, object?>(StringComparer.Ordinal))[key] = value;
    }

    public override void WritePropertiesTo(IDictionary<string, object> properties)
    {
        base.WritePropertiesTo(properties);
        if (host is not null)
        {
            JobProperties.Write(this, host, properties);
        }
    }

    public override void ReadPropertiesFrom(IReadOnlyDictionary<string, object> properties)
    {
        base.ReadPropertiesFrom(properties);
        JobClass = ReadString(properties, JobProperties.Class);
        RoutingKey = ReadString(properties, JobProperties.RoutingKey);
        PartitionKey = ReadString(properties, JobProperties.PartitionKey);
        Stored = JobProperties.Read(properties);
        if (Guid.TryParse(ReadString(properties, JobProperties.Token), out var token))
        {
            ScheduledMessageId = token;
        }

        if (ReadString(properties, JobProperties.Options) is { } written)
        {
            ReadOptions(SidekiqJob.Parse(Encoding.UTF8.GetBytes(written), queue: ""));
        }
    }

    void ReadOptions(SidekiqJob job)
    {
        options = new JobOptions
        {
            Retry = job.Retry,
            Tags = job.Tags.Count > 0 ? job.Tags : null,
            Backtrace = job.Backtrace,
            Dead = job.Dead,
            RetryFor = job.RetryFor,
            RetryQueue = job.RetryQueue,
        };

        foreach (var (key, value) in job.UnknownFields)
        {
            SetJobKey(key, value);
        }
    }

    /// What was set on it, as changes to a job.
    public JobEdit Edit()
    {
        var edit = new JobEdit();
        if (!Retry.IsAbsent)
        {
            edit.SetRaw("retry", Encoding.UTF8.GetBytes(Retry.ToString()));
        }

        if (Backtrace is { } backtrace)
        {
            edit.SetRaw("backtrace", Encoding.UTF8.GetBytes(backtrace.ToString()));
        }

        Set(edit, "tags", Tags);
        Set(edit, "dead", Dead);
        Set(edit, "retry_for", (long?)RetryFor?.TotalSeconds);
        Set(edit, "retry_queue", RetryQueue);
        foreach (var (key, value) in keys ?? [])
        {
            edit.Set(key, value);
        }

        return edit;
    }

    static void Set(JobEdit edit, string key, object? value)
    {
        if (value is not null)
        {
            edit.Set(key, value);
        }
    }
}
