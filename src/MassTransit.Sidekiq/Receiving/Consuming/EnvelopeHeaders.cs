using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace MassTransit.Sidekiq;

// The headers of a job, and those of the envelope in its body if the job has none of that name.
internal sealed class EnvelopeHeaders(Headers job, Headers envelope) : Headers
{
    public IEnumerable<KeyValuePair<string, object>> GetAll()
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in job.GetAll().Concat(envelope.GetAll()))
        {
            if (seen.Add(header.Key))
            {
                yield return header;
            }
        }
    }

    public bool TryGetHeader(string key, [NotNullWhen(true)] out object? value) =>
        job.TryGetHeader(key, out value) || envelope.TryGetHeader(key, out value);

    public T? Get<T>(string key, T? defaultValue = default)
        where T : class => Of(key).Get(key, defaultValue);

    public T? Get<T>(string key, T? defaultValue = null)
        where T : struct => Of(key).Get(key, defaultValue);

    public IEnumerator<HeaderValue> GetEnumerator() =>
        GetAll().Select(header => new HeaderValue(header.Key, header.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    Headers Of(string key) => job.TryGetHeader(key, out _) ? job : envelope;
}
