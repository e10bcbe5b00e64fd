using System.Net.Mime;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The message in a job, as one JSON object.
internal static class JobToMessage
{
    // Throws UnknownJobClassException: No consumer of the endpoint takes this class, and no sender named its type.
    // Throws JobArgumentsException: The arguments do not fit the message.
    public static ReadOnlyMemory<byte> Read(SidekiqJob job, JobContract? contract, EndpointSettings endpoint)
    {
        if (
            job.Metadata?.ContentType is { } named
            && new ContentType(named) is var contentType
            && !JobContentType.IsBare(contentType)
        )
        {
            return JobContentType.IsJson(contentType) ? Envelope(job) : Decode(job);
        }

        if (contract is not null)
        {
            return contract.ReadArgs(job);
        }

        if (job.Metadata?.ArgumentNames is { Length: > 0 } names && names.Length == job.ArgsCount)
        {
            return PositionalArguments.Read(names, job);
        }

        if (job is { Class: { } jobClass, Metadata.MessageTypes.Length: > 0 } && ActiveJobWrapper.Is(jobClass))
        {
            return ActiveJobArguments.ReadKeywords(job);
        }

        return job.Metadata?.MessageTypes.Length > 0 && job.ArgsCount == 1
            ? job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length)
            : throw new UnknownJobClassException(
                job.Wrapped ?? job.Class,
                endpoint.Queues.Names[0],
                endpoint.Classes.Classes
            );
    }

    // A body that is JSON, but has more in it than the message, stands in the job as one object.
    static ReadOnlyMemory<byte> Envelope(SidekiqJob job) =>
        job.ArgsCount == 1
            ? Utf8Text.Repair(job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length))
            : throw new JobArgumentsException(
                $"Job class '{job.Class}' says its body is {job.Metadata!.ContentType}, which stands in a job as one object, but it has "
                    + $"{ArgumentFaults.Count(job.ArgsCount)}."
            );

    // A body that is no JSON, such as an encrypted one, stands in the job as base64 text.
    static ReadOnlyMemory<byte> Decode(SidekiqJob job)
    {
        var reader = new Utf8JsonReader(job.FirstArg.In(job.Json));
        return reader.Read() && reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var body)
            ? body
            : throw new JobArgumentsException(
                $"Job class '{job.Class}' says its body is {job.Metadata!.ContentType}, which stands in a job as one base64 text, but its arguments are none."
            );
    }
}
