using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// Edits the arguments of a job. What this process knows the message type of is read as its consumer would read it, so that
// an edit does not fail only when it runs.
internal sealed class JobEditor(JobContracts contracts)
{
    public const string NotAJob =
        "The entry is not a job: it has no class, no array of arguments, or is not JSON. It can be deleted or killed.";

    public SidekiqArgsCheck Check(SidekiqEntry entry) =>
        Obstacle(entry.Job) is { } obstacle
            ? new SidekiqArgsCheck(null, obstacle)
            : new SidekiqArgsCheck(Known(entry.Job!).FirstOrDefault()?.Message, null);

    // Throws ArgumentException: the arguments cannot be edited, are not a JSON array, or do not fit the message.
    public JobChange Change(SidekiqEntry entry, string args)
    {
        if (Obstacle(entry.Job) is { } obstacle)
        {
            throw new ArgumentException(obstacle, nameof(entry));
        }

        try
        {
            var change = new JobChange(Args: JobJson.Compact(Encoding.UTF8.GetBytes(args)));
            if (change.Args!.Value.Span[0] != '[')
            {
                throw new InvalidJobException("it is JSON, but not an array.");
            }

            var edited = SidekiqJob.Parse(change.Apply(entry.Job!), queue: "");
            return Objection(entry.Job!, edited) is { } objection
                ? throw new ArgumentException(objection.Words, nameof(args), objection.Cause)
                : change;
        }
        catch (InvalidJobException unreadable)
        {
            throw new ArgumentException(
                $"The text is not the arguments of a job: {unreadable.Message} Write one JSON array, such as [42, \"EUR\"].",
                nameof(args),
                unreadable
            );
        }
    }

    // The message of a job whose arguments are JSON, as its consumer would read it.
    // Throws JobArgumentsException: they do not fit the message.
    public static object? Message(SidekiqJob job, JobContract contract) =>
        IsEnvelope(Written(job)!)
            ? SidekiqSerializerContext.Read(
                Enveloped(job),
                contract.MessageType,
                SystemTextJsonMessageSerializer.Options
            )
            : SidekiqSerializerContext.Read(
                contract.ReadArgs(job),
                contract.MessageType,
                JobBody.Create(JobContentType.NamingOf(contract.ContentTypeOf(job)))
            );

    // Two endpoints may take one class as two types: it has to fit one of them, without a slip. Null when it does, or when none
    // is known.
    (string Words, Exception? Cause)? Objection(SidekiqJob before, SidekiqJob after)
    {
        (string Words, Exception? Cause)? misfits = null;
        (string Words, Exception? Cause)? slips = null;
        foreach (var contract in Known(after))
        {
            if (Misfit(after, contract) is { } misfit)
            {
                misfits ??= (misfit.Message, misfit);
            }
            else if (Slip(before, after, contract) is { } slip)
            {
                slips ??= (slip, null);
            }
            else
            {
                return null;
            }
        }

        return slips ?? misfits;
    }

    // A key that the edit adds and that no property of the message has: a consumer would ignore it, and its value would be lost.
    static string? Slip(SidekiqJob before, SidekiqJob after, JobContract contract)
    {
        if (contract.Args != SidekiqArgs.Hash || contract.MessageType.IsInterface || IsEnvelope(Written(after)!))
        {
            return null;
        }

        var options = JobBody.Create(JobContentType.NamingOf(contract.ContentTypeOf(after)));
        var type = options.GetTypeInfo(contract.MessageType);
        if (type.Kind != JsonTypeInfoKind.Object || type.Properties.Any(property => property.IsExtensionData))
        {
            return null;
        }

        var known = type.Properties.Select(property => property.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var had = Keys(before).ToHashSet(StringComparer.Ordinal);
        return Keys(after).FirstOrDefault(key => !known.Contains(key) && !had.Contains(key)) is { } stray
            ? $"{contract.Message} has no '{stray}', so its value would be lost. It has {string.Join(", ", known.Select(name => $"'{name}'"))}. Correct the name."
            : null;
    }

    static IEnumerable<string> Keys(SidekiqJob job) =>
        job.ArgsCount == 1 && job.FirstArg.In(job.Json) is [(byte)'{', ..]
            ? JobJson.Members(job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length)).Select(member => member.Key)
            : [];

    IEnumerable<JobContract> Known(SidekiqJob job) =>
        Written(job) is { } type && (JobContentType.IsBare(type) || IsEnvelope(type)) ? contracts.Of(job) : [];

    static JobArgumentsException? Misfit(SidekiqJob job, JobContract contract)
    {
        try
        {
            Message(job, contract);
            return null;
        }
        catch (JobArgumentsException mismatch)
        {
            return mismatch;
        }
        catch (Exception fault)
        {
            // A constructor of the message that throws, for instance; its words may quote what is too sensitive for a log.
            return new JobArgumentsException(
                $"The job does not fit {contract.Message}: reading it fails with {fault.GetType().Name}.",
                fault
            );
        }
    }

    static ReadOnlyMemory<byte> Enveloped(SidekiqJob job)
    {
        var envelope = job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length);
        var message = job.ArgsCount == 1 && envelope.Span[0] == '{' ? JobJson.Find(envelope, "message") : default;
        return message.IsAbsent
            ? throw new JobArgumentsException(
                "The job holds MassTransit's envelope, which is one object with the message under 'message'; the arguments have none."
            )
            : envelope.Slice(message.Start, message.Length);
    }

    // Why the arguments cannot be edited; null when they can.
    public static string? Obstacle(SidekiqJob? job)
    {
        if (job is not { Class: not null, HasArgumentList: true })
        {
            return NotAJob;
        }

        if (job.TryGet("encrypt", out var encrypt) && encrypt.ValueKind == JsonValueKind.True)
        {
            return "The arguments are encrypted by Sidekiq Enterprise, and cannot be edited without its key. Retry the job as it is, or push another.";
        }

        if (job.Metadata is { IsEncrypted: true })
        {
            return "The last argument is encrypted, and the key is not used to show or edit it. Retry the job as it is, or send the message again.";
        }

        return Written(job) is { } type && JobContentType.IsJson(type)
            ? null
            : $"The body is stored as '{job.Metadata!.ContentType}', which only its serializer reads and writes, so it cannot be edited. Retry the job as it is, or send the message again.";
    }

    // Null for what is no content type.
    static ContentType? Written(SidekiqJob job)
    {
        try
        {
            return job.Metadata?.ContentType is { } named
                ? new ContentType(named)
                : JobContentType.Of(SidekiqNaming.CamelCase);
        }
        catch (Exception unreadable) when (unreadable is FormatException or ArgumentException)
        {
            return null;
        }
    }

    static bool IsEnvelope(ContentType type) =>
        string.Equals(
            type.MediaType,
            SystemTextJsonMessageSerializer.JsonContentType.MediaType,
            StringComparison.OrdinalIgnoreCase
        );
}
