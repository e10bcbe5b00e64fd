using System.Buffers;
using System.Net.Mime;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

/// What job a message is on the wire. Made once for each message type, by JobContracts.
internal sealed class JobContract
{
    public required Type MessageType { get; init; }

    /// The Ruby class that works on it; for an ActiveJob, the one inside the wrapper.
    public required string Class { get; init; }

    /// The class that stands in the job: the wrapper of an ActiveJob, else the class itself.
    public string WireClass => IsActiveJob ? ActiveJobArguments.Wrapper : Class;

    /// What stands under "wrapped" in the job, or null.
    public string? Wrapped => IsActiveJob ? Class : null;

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// Where publishing the message pushes it, subscriptions aside.
    public string? Queue { get; init; }

    public SidekiqArgs Args { get; init; }

    public bool IsActiveJob => Args is SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional;

    public SidekiqNaming Naming { get; init; }

    /// By which the serializer of its body is found.
    public ContentType ContentType => SidekiqMessageSerializer.ContentTypeOf(Naming);

    public JobOptions Options { get; init; } = JobOptions.None;

    /// The properties in the order of the arguments; for a Hash, those of its one argument.
    public IReadOnlyList<JobParameter> Parameters { get; init; } = [];

    /// What a positional job's arguments are called, for receivers that know only a base or interface of the message.
    public string[] ArgumentNames
    {
        get => field ??= Args == SidekiqArgs.Positional ? [.. Parameters.Select(parameter => parameter.Name)] : [];
        init;
    }

    /// What is wrong with it, found while it was made and reported by JobContracts.Validate.
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// MassTransit's name for the message type.
    public string Urn => field ??= MessageUrn.ForTypeString(MessageType);

    public string Message => TypeName.Of(MessageType);

    /// False for one that was made of what a job or a stored message says, without the message's type.
    public bool IsOfType => MessageType != typeof(SerializedMessageBody);

    /// Whether the message is written as a JSON list, as an array is, so that it has no properties.
    public bool IsList { get; init; }

    public bool Is(string urn) => string.Equals(Urn, urn, StringComparison.OrdinalIgnoreCase);

    /// The contract of a message whose type nobody here knows: the class that its name has by convention.
    public static JobContract Unknown(string urn) =>
        new() { MessageType = typeof(SerializedMessageBody), Class = RubyConstant.FromUrn(urn) };

    /// The same of a message that is forwarded: its new job is what the one that is being consumed is.
    public static JobContract? OfForwarded(PipeContext context, string urn)
    {
        if (
            !context.TryGetPayload<ConsumeContext>(out var consumed)
            || consumed.TryGetJob()
                is not { Class: { } jobClass, Metadata: { MessageTypes: [var first, ..] } metadata } job
            || !string.Equals(first, urn, StringComparison.OrdinalIgnoreCase)
        )
        {
            return null;
        }

        var names = metadata.ArgumentNames;
        return new JobContract
        {
            MessageType = typeof(SerializedMessageBody),
            Class = job.Wrapped ?? jobClass,
            Args =
                ActiveJobArguments.IsWrapper(jobClass) ? SidekiqArgs.ActiveJob
                : names.Length > 0 ? SidekiqArgs.Positional
                : SidekiqArgs.Hash,
            Parameters = [.. names.Select(name => new JobParameter(name, typeof(object), isOptional: true))],
        };
    }

    /// Writes the complete array of arguments, out of the message as its serializer wrote it, a JSON object.
    public void WriteArgs(ReadOnlySpan<byte> body, IBufferWriter<byte> output) =>
        WriteArgs(body, output, messageId: null, queue: null);

    /// The same, and what an ActiveJob is told beside: the id it has apart from its jid, and its queue.
    public void WriteArgs(ReadOnlySpan<byte> body, IBufferWriter<byte> output, Guid? messageId, string? queue)
    {
        switch (Args)
        {
            case SidekiqArgs.Positional:
                PositionalArguments.Write(this, body, output);
                break;
            case SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional:
                ActiveJobArguments.Write(this, body, output, messageId, queue);
                break;
            default:
                output.Write("["u8);
                output.Write(body);
                output.Write("]"u8);
                break;
        }
    }

    /// The message as a JSON object, out of the arguments of a job: for a Hash, the very bytes of its one argument.
    public ReadOnlyMemory<byte> ReadArgs(SidekiqJob job) =>
        Utf8Text.Repair(
            Args switch
            {
                SidekiqArgs.Positional => PositionalArguments.Read(this, job),
                SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional => ActiveJobArguments.Read(this, job),
                _ => HashArguments.Read(this, job),
            }
        );
}
