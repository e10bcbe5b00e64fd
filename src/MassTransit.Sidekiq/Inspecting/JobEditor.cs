using System.Net.Mime;
using System.Text;
using System.Text.Json;
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

            return Misfit(SidekiqJob.Parse(change.Apply(entry.Job!), queue: "")) is { } misfit
                ? throw new ArgumentException(misfit.Message, nameof(args), misfit)
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

    // Two endpoints may take one class as two types: it has to fit one of them. Null when it does, or when none is known.
    JobArgumentsException? Misfit(SidekiqJob job)
    {
        JobArgumentsException? first = null;
        foreach (var contract in Known(job))
        {
            if (Misfit(job, contract) is not { } misfit)
            {
                return null;
            }

            first ??= misfit;
        }

        return first;
    }

    IEnumerable<JobContract> Known(SidekiqJob job) =>
        Written(job) is { } type && (JobContentType.IsBare(type) || IsEnvelope(type)) ? contracts.Of(job) : [];

    static JobArgumentsException? Misfit(SidekiqJob job, JobContract contract)
    {
        try
        {
            if (IsEnvelope(Written(job)!))
            {
                Read(Enveloped(job), contract, SystemTextJsonMessageSerializer.Options);
            }
            else
            {
                var naming = JobContentType.NamingOf(contract.ContentTypeOf(job));
                Read(contract.ReadArgs(job), contract, JobBody.Create(naming));
            }

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

    static void Read(ReadOnlyMemory<byte> json, JobContract contract, JsonSerializerOptions options) =>
        SidekiqSerializerContext.Read(json, contract.MessageType, options);

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
    static string? Obstacle(SidekiqJob? job)
    {
        if (job?.Class is null || !job.HasArgumentList)
        {
            return NotAJob;
        }

        if (job.TryGet("encrypt", out var encrypt) && encrypt.ValueKind == JsonValueKind.True)
        {
            return "The arguments are encrypted by Sidekiq Enterprise, and cannot be edited without its key. Retry the job as it is, or push another.";
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
