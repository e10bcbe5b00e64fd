using System.Net.Mime;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// The job that a message type becomes on the wire. Made once for each type, by JobContracts.
internal sealed class JobContract
{
    public required Type MessageType { get; init; }

    // The Ruby class that runs it; for an ActiveJob, the one inside the wrapper.
    public required string Class { get; init; }

    // The class that is stored in the job: an ActiveJob's wrapper, otherwise the class itself.
    public string WireClass => IsActiveJob ? ActiveJobWrapper.Name : Class;

    // What is stored under "wrapped" in the job, or null.
    public string? Wrapped => IsActiveJob ? Class : null;

    public IReadOnlyList<string> Aliases { get; init; } = [];

    // The queue that publishing the message pushes to, apart from subscriptions.
    public string? Queue { get; init; }

    public SidekiqArgs Args { get; init; }

    public bool IsActiveJob => Args is SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional;

    public bool IsPositional => Args is SidekiqArgs.Positional or SidekiqArgs.ActiveJobPositional;

    // The mail that it delivers, if it is one.
    public SidekiqMailAttribute? Mail { get; init; }

    public SidekiqNaming Naming { get; init; }

    // Selects the serializer of its body.
    public ContentType ContentType => JobContentType.Of(Naming);

    // How the body of a job of this class is written. The arguments of a job from another client (which has headers if it was
    // moved or redelivered), and arguments without names, use the property names of the contract.
    public ContentType ContentTypeOf(SidekiqJob job)
    {
        var written = job.Metadata?.ContentType is { } named
            ? new ContentType(named)
            : JobContentType.Of(SidekiqNaming.CamelCase);
        var isNamedHere = job.Metadata?.MessageTypes is null or [] || Args is not SidekiqArgs.Hash;

        return isNamedHere && JobContentType.IsBare(written) ? ContentType : written;
    }

    public JobOptions Options { get; init; } = JobOptions.None;

    // What a unique job's lock covers instead of all arguments.
    public Func<object, object?>? UniqueBy { get; init; }

    // The properties in argument order; for a Hash, those of its one argument.
    public IReadOnlyList<JobParameter> Parameters { get; init; } = [];

    // What its values are besides JSON.
    public ValueShape Shape => field ??= IsOfType ? ValueShape.Of(MessageType, Naming) : ValueShape.Plain;

    public bool HasSecrets => Shape.HasSecrets();

    // What the argument at an index is.
    public ValueShape ShapeOf(int index) =>
        index < Parameters.Count ? Shape.Member(Parameters[index].Name) : ValueShape.Plain;

    // Whether a job is of its class, or of a former name of it.
    public bool IsOf(SidekiqJob job)
    {
        var classes = new JobClassMap();
        classes.Add(this);
        return classes.TryGet(job, out _);
    }

    // The names of a positional job's arguments, for receivers that know only a base or interface of the message.
    public string[] ArgumentNames
    {
        get => field ??= Args == SidekiqArgs.Positional ? [.. Parameters.Select(parameter => parameter.Name)] : [];
        init;
    }

    // Its faults, found while it was made and reported by JobContracts.Validate.
    public IReadOnlyList<string> Faults { get; init; } = [];

    // MassTransit's name for the message type.
    public string Urn => field ??= MessageUrn.ForTypeString(MessageType);

    public string Message => TypeName.Of(MessageType);

    // False for a contract made from a job or a stored message, without the message's type.
    public bool IsOfType => MessageType != typeof(SerializedMessageBody);

    // Whether the message is written as a JSON array, as a .NET array is, and so has no properties.
    public bool IsList { get; init; }

    public bool Is(string urn) => string.Equals(Urn, urn, StringComparison.OrdinalIgnoreCase);

    // The contract of a message whose type is not known in this process: the class that its name has by convention.
    public static JobContract Unknown(string urn) =>
        new() { MessageType = typeof(SerializedMessageBody), Class = RubyConstant.FromUrn(urn) };
}
