using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The properties of a row that holds a finished job, read in one pass.
internal readonly record struct StagedProperties(
    string Class,
    ReadOnlyMemory<byte> Rest,
    string? Args,
    string? Queue,
    string[]? Entities,
    Guid? Token
)
{
    // The rest of the job (JobWriter.WriteRest), as a JSON object.
    public const string Job = "Sidekiq-Job";

    // Null for a row that holds none. Throws JsonException: the properties are not a JSON object.
    public static StagedProperties? Find(string? properties)
    {
        if (properties?.Contains(Job, StringComparison.Ordinal) != true)
        {
            return null;
        }

        var (json, found) = (Encoding.UTF8.GetBytes(properties), default(StagedProperties));
        var reader = new Utf8JsonReader(json, JobReader.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JobReader.PropertyName(ref reader);
            reader.Read();
            found = name switch
            {
                Job when reader.TokenType == JsonTokenType.StartObject => found with { Rest = Raw(ref reader, json) },
                JobProperties.Class => found with { Class = JobReader.Name(ref reader)! },
                JobProperties.Args => found with { Args = Text(ref reader) },
                JobProperties.Queue => found with { Queue = JobReader.Name(ref reader) },
                JobProperties.Entities => found with { Entities = JobProperties.Split(JobReader.Name(ref reader)) },
                JobProperties.Token => found with { Token = JobReader.Id(ref reader) },
                _ => Skip(ref reader, found),
            };
        }

        return found is { Class: not null, Rest.IsEmpty: false } ? found : null;
    }

    static ReadOnlyMemory<byte> Raw(ref Utf8JsonReader reader, byte[] json)
    {
        var slice = JobReader.Slice(ref reader);
        return json.AsMemory(slice.Start, slice.Length);
    }

    static string? Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    static StagedProperties Skip(ref Utf8JsonReader reader, StagedProperties found)
    {
        reader.Skip();
        return found;
    }
}
