using System.Text.Json;

namespace MassTransit.Sidekiq;

// Changes to the top-level keys of a job, applied together by JobJson.Edit.
internal sealed class JobEdit
{
    // More than any step changes at once.
    public const int Most = 64;

    readonly List<Change> changes = new(4);

    public JobEdit Set(string key, string value) => Add(key, text => text.String(value));

    public JobEdit Set(string key, long value) => Add(key, text => text.Number(value));

    public JobEdit Set(string key, bool value) => Add(key, text => text.Bool(value));

    public JobEdit Set(string key, DateTimeOffset value, SidekiqTimeFormat format) =>
        Add(key, text => text.Time(value, format));

    public JobEdit Set(string key, object? value) => Add(key, text => text.Value(value));

    // The value is JSON, written unchanged.
    public JobEdit SetRaw(string key, ReadOnlySpan<byte> json) => Add(new Change(key, json.ToArray()));

    public JobEdit Remove(string key) => Add(new Change(key, null));

    internal int Find(ref Utf8JsonReader reader)
    {
        for (var index = 0; index < changes.Count; index++)
        {
            if (JobReader.IsProperty(ref reader, changes[index].Key))
            {
                return index;
            }
        }

        return -1;
    }

    internal bool IsRemoved(int index) => changes[index].Value is null;

    internal ReadOnlySpan<byte> Value(int index) => changes[index].Value;

    internal void Append(JobText text, ReadOnlySpan<bool> done, bool isAlone)
    {
        for (var index = 0; index < changes.Count; index++)
        {
            var (key, value) = changes[index];
            if (done[index] || value is null)
            {
                continue;
            }

            if (!isAlone)
            {
                text.Raw(","u8);
            }

            text.String(key);
            text.Raw(":"u8);
            text.Raw(value);
            isAlone = false;
        }
    }

    JobEdit Add(string key, Action<JobText> write)
    {
        using var text = JobText.Rent();
        write(text);
        return Add(new Change(key, text.ToArray()));
    }

    JobEdit Add(Change change)
    {
        var index = changes.FindIndex(other => string.Equals(other.Key, change.Key, StringComparison.Ordinal));
        if (index >= 0)
        {
            changes[index] = change;
        }
        else if (changes.Count == Most)
        {
            throw new InvalidOperationException($"An edit changes at most {Most} keys.");
        }
        else
        {
            changes.Add(change);
        }

        return this;
    }

    readonly record struct Change(string Key, byte[]? Value);
}
