using System.Text;
using MassTransit.Context;
using MassTransit.Observables;

namespace MassTransit.Sidekiq;

// A message on its way to become a job. What was set on it, and what its contract says, survives an outbox as properties.
internal sealed class JobSendContext<T>(T message, CancellationToken cancellationToken, BusRuntime? runtime = null)
    : MessageSendContext<T>(message, cancellationToken),
        SidekiqSendContext,
        RoutingKeySendContext,
        PartitionKeySendContext
    where T : class
{
    public string JobId => MassTransit.Sidekiq.JobId.From(MessageId ?? Guid.Empty);

    public string? JobClass { get; set; }

    public JobOptions Options { get; set; } = JobOptions.None;

    // Travels with the message, and routes nothing.
    public string? RoutingKey { get; set; }

    // Travels with the message, and orders nothing.
    public string? PartitionKey { get; set; }

    // Who hears of it, where it does not pass through the transport that made it: in an outbox.
    public SendObservable? Observers { get; init; }

    // What an outbox that staged the message kept of its job.
    public StoredJob? Stored { get; private set; }

    // What is to become a periodic job is taken by this instead of being sent.
    public Action<PeriodicTarget, JobDraft>? Capture { get; set; }

    public override void WritePropertiesTo(IDictionary<string, object> properties)
    {
        base.WritePropertiesTo(properties);
        if (runtime is not null)
        {
            JobProperties.Write(this, runtime, properties);
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
            Options = JobOptions.Read(SidekiqJob.Parse(Encoding.UTF8.GetBytes(written), queue: ""));
        }
    }
}
