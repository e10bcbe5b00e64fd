using System.Globalization;

namespace MassTransit.Sidekiq;

// The name of a process in Redis and on the Busy page, as in Ruby: host, process id, and six random bytes that distinguish a
// restarted process from its predecessor.
internal static class ProcessIdentity
{
    public static string New() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.MachineName}:{Environment.ProcessId}:{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 6))}"
        );
}
