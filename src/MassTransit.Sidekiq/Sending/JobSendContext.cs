using System.Text;
using MassTransit.Context;
using MassTransit.Observables;

namespace MassTransit.Sidekiq;

// A message that is about to become a job. An outbox keeps the options set on it, and those of its contract, as properties.
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

    public TimeProvider Clock => runtime?.Clock ?? TimeProvider.System;

    public JobOptions? Inherited { get; set; }

    // Carried with the message; it does not route.
    public string? RoutingKey { get; set; }

    // Carried with the message; it does not order.
    public string? PartitionKey { get; set; }

    // What encrypts it.
    public KeyRing Keys { get; init; } = runtime?.Keys ?? KeyRing.None;

    // The send observers, for an outbox, where the message does not pass through the transport that created it.
    public SendObservable? Observers { get; init; }

    // The job properties that an outbox stored with the staged message.
    public StoredJob? Stored { get; private set; }

    // Receives the job of a periodic message, which is then not sent.
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
