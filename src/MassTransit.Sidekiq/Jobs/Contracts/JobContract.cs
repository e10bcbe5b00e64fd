using System.Net.Mime;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// What job a message is on the wire. Made once for each message type, by JobContracts.
internal sealed class JobContract
{
    public required Type MessageType { get; init; }

    // The Ruby class that works on it; for an ActiveJob, the one inside the wrapper.
    public required string Class { get; init; }

    // The class that stands in the job: the wrapper of an ActiveJob, else the class itself.
    public string WireClass => IsActiveJob ? ActiveJobWrapper.Name : Class;

    // What stands under "wrapped" in the job, or null.
    public string? Wrapped => IsActiveJob ? Class : null;

    public IReadOnlyList<string> Aliases { get; init; } = [];

    // Where publishing the message pushes it, subscriptions aside.
    public string? Queue { get; init; }

    public SidekiqArgs Args { get; init; }

    public bool IsActiveJob => Args is SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional;

    public SidekiqNaming Naming { get; init; }

    // By which the serializer of its body is found.
    public ContentType ContentType => JobContentType.Of(Naming);

    public JobOptions Options { get; init; } = JobOptions.None;

    // The properties in the order of the arguments; for a Hash, those of its one argument.
    public IReadOnlyList<JobParameter> Parameters { get; init; } = [];

    // What a positional job's arguments are called, for receivers that know only a base or interface of the message.
    public string[] ArgumentNames
    {
        get => field ??= Args == SidekiqArgs.Positional ? [.. Parameters.Select(parameter => parameter.Name)] : [];
        init;
    }

    // What is wrong with it, found while it was made and reported by JobContracts.Validate.
    public IReadOnlyList<string> Faults { get; init; } = [];

    // MassTransit's name for the message type.
    public string Urn => field ??= MessageUrn.ForTypeString(MessageType);

    public string Message => TypeName.Of(MessageType);

    // False for one that was made of what a job or a stored message says, without the message's type.
    public bool IsOfType => MessageType != typeof(SerializedMessageBody);

    // Whether the message is written as a JSON list, as an array is, so that it has no properties.
    public bool IsList { get; init; }

    public bool Is(string urn) => string.Equals(Urn, urn, StringComparison.OrdinalIgnoreCase);

    // The contract of a message whose type nobody here knows: the class that its name has by convention.
    public static JobContract Unknown(string urn) =>
        new() { MessageType = typeof(SerializedMessageBody), Class = RubyConstant.FromUrn(urn) };
}
