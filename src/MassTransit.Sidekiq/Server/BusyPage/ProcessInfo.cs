using System.Reflection;

namespace MassTransit.Sidekiq;

// The JSON of Sidekiq's process registry, with the fields that every Web UI from 6.4 to 8.1 reads: the older ones `queues` and
// `concurrency`, the newer ones `capsules` and `weights`. An endpoint is a capsule in Ruby's terms.
internal static class ProcessInfo
{
    // A larger job is shown without its arguments, since it is written again with every beat.
    const int LargestJob = 16 * 1024;

    static readonly string version =
        "MassTransit.Sidekiq "
        + typeof(ProcessInfo)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];

    static readonly string tag = Assembly.GetEntryAssembly()?.GetName().Name ?? "";

    public static byte[] Info(
        string identity,
        DateTimeOffset startedAt,
        bool isEmbedded,
        IReadOnlyList<EndpointWork> endpoints
    )
    {
        using var text = JobText.Rent();
        text.Raw("{\"hostname\":"u8);
        text.String(Environment.MachineName);
        text.Raw(",\"started_at\":"u8);
        text.Time(startedAt, SidekiqTimeFormat.FloatSeconds);
        text.Raw(",\"pid\":"u8);
        text.Number(Environment.ProcessId);
        text.Raw(",\"tag\":"u8);
        text.String(tag);
        text.Raw(",\"concurrency\":"u8);
        text.Number(endpoints.Sum(endpoint => endpoint.Concurrency));
        text.Raw(",\"capsules\":"u8);
        Object(text, endpoints.DistinctBy(endpoint => endpoint.Name, StringComparer.Ordinal), Capsule);
        text.Raw(",\"queues\":"u8);
        text.Strings(endpoints.SelectMany(endpoint => endpoint.Queues.Names).Distinct(StringComparer.Ordinal));
        text.Raw(",\"weights\":["u8);
        List(text, endpoints, endpoint => Weights(text, endpoint.Queues));
        text.Raw("],\"labels\":[],\"identity\":"u8);
        text.String(identity);
        text.Raw(",\"version\":"u8);
        text.String(version);
        text.Raw(",\"embedded\":"u8);
        text.Bool(isEmbedded);
        text.Raw("}"u8);

        return text.ToArray();
    }

    // A row of the Busy page: the job's queue, the job as a JSON string, and its start time.
    public static byte[] Work(SidekiqJob job, DateTimeOffset runAt)
    {
        var shown = job.Json.Length <= LargestJob ? job.RawJson : WithoutArguments(job);

        using var text = JobText.Rent();
        text.Raw("{\"queue\":"u8);
        text.String(job.Queue);
        text.Raw(",\"payload\":"u8);
        text.String(shown);
        text.Raw(",\"run_at\":"u8);
        text.Number(runAt.ToUnixTimeSeconds());
        text.Raw("}"u8);

        return text.ToArray();
    }

    static string WithoutArguments(SidekiqJob job)
    {
        using var text = JobText.Rent();
        text.Raw("{\"class\":"u8);
        text.Value(job.Wrapped ?? job.Class);
        text.Raw(",\"jid\":"u8);
        text.Value(job.Jid);
        text.Raw(",\"queue\":"u8);
        text.String(job.Queue);
        text.Raw(",\"args\":"u8);
        text.Strings([$"{job.Json.Length / 1024} KB"]);
        text.Raw("}"u8);

        return System.Text.Encoding.UTF8.GetString(text.Written);
    }

    static void Capsule(JobText text, EndpointWork endpoint)
    {
        text.String(endpoint.Name);
        text.Raw(":{\"concurrency\":"u8);
        text.Number(endpoint.Concurrency);
        text.Raw(",\"mode\":"u8);
        text.String(endpoint.Queues.IsWeighted ? "weighted" : "strict");
        text.Raw(",\"weights\":"u8);
        Weights(text, endpoint.Queues);
        text.Raw("}"u8);
    }

    static void Weights(JobText text, QueueOrder queues) =>
        Object(
            text,
            queues.Names.Zip(queues.Weights),
            (text, queue) =>
            {
                text.String(queue.First);
                text.Raw(":"u8);
                text.Number(queue.Second);
            }
        );

    static void Object<T>(JobText text, IEnumerable<T> members, Action<JobText, T> write)
    {
        text.Raw("{"u8);
        List(text, members, member => write(text, member));
        text.Raw("}"u8);
    }

    static void List<T>(JobText text, IEnumerable<T> items, Action<T> write)
    {
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
            {
                text.Raw(","u8);
            }

            write(item);
            isFirst = false;
        }
    }
}
