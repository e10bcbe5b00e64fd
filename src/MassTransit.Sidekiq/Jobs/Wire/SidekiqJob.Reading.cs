using System.Text;
using System.Text.Json;
using MassTransit.Sidekiq;

namespace MassTransit;

// Reads a job in one pass, which locates its fields and checks all of its JSON.
public sealed partial class SidekiqJob
{
    // Null for an entry that is not a job.
    internal static SidekiqJob? TryParse(ReadOnlyMemory<byte> json, string queue = "")
    {
        try
        {
            return Parse(json, queue);
        }
        catch (InvalidJobException)
        {
            return null;
        }
    }

    internal static SidekiqJob Parse(ReadOnlyMemory<byte> json, string queue)
    {
        var job = new SidekiqJob(json, queue);
        try
        {
            job.Read();
        }
        catch (JsonException exception)
        {
            throw new InvalidJobException(
                $"An entry of queue '{queue}' is not a job: {JobJson.Reason(json.Span, exception)}",
                exception
            );
        }
        catch (Exception exception)
        {
            // No entry may make its reader throw anything else; whatever happens is reported like an entry that is not a job.
            throw new InvalidJobException(
                $"An entry of queue '{queue}' is not a job: reading it failed with {exception.GetType().Name}.",
                exception
            );
        }

        return job;
    }

    void Read()
    {
        var reader = new Utf8JsonReader(Json.Span, JobReader.Options);
        if (reader.Read() && reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("It is not a JSON object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueIsEscaped
                ? JobFields.Find(Encoding.UTF8.GetBytes(JobReader.PropertyName(ref reader)))
                : JobFields.Find(reader.ValueSpan);
            reader.Read();
            ReadField(field, ref reader);
        }

        // Reads past the end, so that a second value after the object is refused.
        reader.Read();
    }

    void ReadField(JobField field, ref Utf8JsonReader reader)
    {
        switch (field)
        {
            case JobField.Args:
                ReadArgs(ref reader);
                break;
            case JobField.Batch:
                batch = JobReader.Slice(ref reader);
                break;
            case JobField.Class:
                Class = JobReader.Name(ref reader);
                break;
            case JobField.CreatedAt:
                createdAt = JobReader.Slice(ref reader);
                break;
            case JobField.EnqueuedAt:
                enqueuedAt = JobReader.Slice(ref reader);
                break;
            case JobField.ExpiresIn:
                expiresIn = JobReader.Slice(ref reader);
                break;
            case JobField.Jid:
                jid = JobReader.Slice(ref reader);
                break;
            case JobField.Metadata:
                Metadata = JobMetadata.Read(ref reader, Json);
                break;
            case JobField.Retry:
                Retry = JobOptions.ReadRetry(ref reader);
                break;
            case JobField.RetryCount:
                RetryCount = JobReader.Int(ref reader);
                break;
            case JobField.TraceParent:
                traceParent = JobReader.Slice(ref reader);
                break;
            case JobField.TraceState:
                traceState = JobReader.Slice(ref reader);
                break;
            case JobField.UniqueFor:
                uniqueFor = JobReader.Slice(ref reader);
                break;
            case JobField.Wrapped:
                Wrapped = JobReader.Name(ref reader);
                break;
            default:
                reader.Skip();
                break;
        }
    }

    void ReadArgs(ref Utf8JsonReader reader)
    {
        HasArgumentList = reader.TokenType == JsonTokenType.StartArray;
        (ArgsCount, FirstArg) = (0, default);
        if (!HasArgumentList)
        {
            args = reader.TokenType == JsonTokenType.Null ? default : JobReader.Slice(ref reader);
            return;
        }

        // The array is checked in passing, so that the usual job, one object, needs no second pass.
        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var slice = JobReader.Slice(ref reader);
            if (ArgsCount++ == 0)
            {
                FirstArg = slice;
            }
        }

        args = new JobSlice(start, (int)reader.BytesConsumed - start);
    }
}
