using System.Net.Mime;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The message in a job, as one JSON object.
internal static class JobToMessage
{
    // Throws UnknownJobClassException: no consumer of the endpoint takes this class, and no sender declared its type.
    // Throws JobArgumentsException: the arguments do not match the message, or cannot be decrypted.
    public static ReadOnlyMemory<byte> Read(SidekiqJob job, JobContract? contract, EndpointSettings endpoint)
    {
        if (job.Metadata is { IsEncrypted: true })
        {
            job = endpoint.Keys.Open(job);
        }

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
            return Utf8Text.Repair(PositionalArguments.Read(names, job));
        }

        if (job is { Class: { } jobClass, Metadata.MessageTypes.Length: > 0 } && ActiveJobWrapper.Is(jobClass))
        {
            return ActiveJobArguments.ReadKeywords(job);
        }

        return job.Metadata?.MessageTypes.Length > 0 && job.ArgsCount == 1
            ? Utf8Text.Repair(job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length))
            : throw endpoint.Unknown(job, endpoint.Queues.Names[0]);
    }

    // A body that is JSON, but contains more than the message, is stored in the job as one object.
    static ReadOnlyMemory<byte> Envelope(SidekiqJob job) =>
        job.ArgsCount == 1
            ? Utf8Text.Repair(job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length))
            : throw new JobArgumentsException(
                $"Job class '{job.Class}' declares its body as {job.Metadata!.ContentType}, which a job stores as one object, but it has "
                    + $"{ArgumentFaults.Count(job.ArgsCount)}."
            );

    // A body that is not JSON, such as an encrypted one, is stored in the job as a base64 string.
    static ReadOnlyMemory<byte> Decode(SidekiqJob job)
    {
        var reader = new Utf8JsonReader(job.FirstArg.In(job.Json));
        return
            job.ArgsCount == 1
            && reader.Read()
            && reader.TokenType == JsonTokenType.String
            && reader.TryGetBytesFromBase64(out var body)
            ? body
            : throw new JobArgumentsException(
                $"Job class '{job.Class}' declares its body as {job.Metadata!.ContentType}, which a job stores as one base64 string, but it has {ArgumentFaults.Count(job.ArgsCount)} or another value."
            );
    }
}
