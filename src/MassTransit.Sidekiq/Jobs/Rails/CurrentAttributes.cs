using System.Runtime.InteropServices;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// What Sidekiq's middleware for Rails's CurrentAttributes stores in a job: one key for each class of them.
internal static class CurrentAttributes
{
    const string First = "cattr";

    // cattr, cattr_1, cattr_2
    public static bool IsKey(string key) =>
        key == First
        || (
            key.Length > First.Length + 1
            && key.StartsWith("cattr_", StringComparison.Ordinal)
            && key.AsSpan(First.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0
        );

    // Of all classes together, by name; of two with one name that of the first class. Values as in a message: from Sidekiq 7.1 on,
    // ActiveJob marks them.
    public static IReadOnlyDictionary<string, JsonElement> Of(ReadOnlyMemory<byte> json)
    {
        var attributes = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (_, value) in JobJson.Members(json).Where(member => IsKey(member.Key)))
        {
            foreach (var (name, attribute) in value.ValueKind == JsonValueKind.Object ? Members(value) : [])
            {
                if (!name.StartsWith(RailsValues.Mark, StringComparison.Ordinal))
                {
                    attributes.TryAdd(name, Plain(attribute));
                }
            }
        }

        return attributes;
    }

    static IEnumerable<KeyValuePair<string, JsonElement>> Members(JsonElement value) =>
        JobJson.Members(JsonMarshal.GetRawUtf8Value(value).ToArray());

    static JsonElement Plain(JsonElement value)
    {
        try
        {
            using var text = JobText.Rent();
            RailsValues.Plain(text, value);
            var reader = new Utf8JsonReader(text.Written, JobReader.Options);
            return JsonElement.ParseValue(ref reader);
        }
        catch (InvalidOperationException)
        {
            // A name in it is not text, half of a surrogate pair for instance: the value as it is stored.
            return value;
        }
    }
}
