using System.Text.Json;
using MassTransit.Metadata;

namespace MassTransit.Sidekiq;

// The process that sent a message, in the short form that each of its jobs carries: `{"name":"web-1","pid":4242,
// "app":"OrdersApi","v":"1.4.0.0"}`. Written once for all jobs of a process, and read once for all jobs of a sender.
internal sealed class JobHost : HostInfo
{
    // The sender of a job that names none.
    public static readonly JobHost Unknown = new();

    static readonly Utf8Cache<JobHost> senders = new(Read);

    JobHost() { }

    // This process.
    public static ReadOnlyMemory<byte> Current { get; } = Write(HostMetadataCache.Host);

    public string? MachineName { get; private set; }

    public string? ProcessName { get; private set; }

    public int ProcessId { get; private set; }

    public string? Assembly { get; private set; }

    public string? AssemblyVersion { get; private set; }

    public string? FrameworkVersion => null;

    public string? MassTransitVersion => null;

    public string? OperatingSystemVersion => null;

    public static JobHost Of(ReadOnlySpan<byte> json) => json.IsEmpty || json[0] != '{' ? Unknown : senders.Get(json);

    static byte[] Write(HostInfo host)
    {
        using var text = JobText.Rent();
        text.Raw("{\"name\":"u8);
        text.Value(host.MachineName);
        text.Raw(",\"pid\":"u8);
        text.Number(host.ProcessId);
        text.Raw(",\"app\":"u8);
        text.Value(host.Assembly ?? host.ProcessName);
        text.Raw(",\"v\":"u8);
        text.Value(host.AssemblyVersion);
        text.Raw("}"u8);
        return text.ToArray();
    }

    static JobHost Read(ReadOnlySpan<byte> json)
    {
        var host = new JobHost();
        var reader = new Utf8JsonReader(json, JobReader.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = JobReader.PropertyName(ref reader);
            reader.Read();
            switch (key)
            {
                case "name":
                    host.MachineName = JobReader.Name(ref reader);
                    break;
                case "pid":
                    host.ProcessId = JobReader.Int(ref reader) ?? 0;
                    break;
                case "app":
                    host.ProcessName = host.Assembly = JobReader.Name(ref reader);
                    break;
                case "v":
                    host.AssemblyVersion = JobReader.Name(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return host;
    }
}
