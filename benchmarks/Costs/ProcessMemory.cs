using System.Globalization;

namespace MassTransit.Sidekiq.Benchmarks;

// The memory that a process has in use, now and at most so far, in megabytes, as Linux tells it.
internal sealed record ProcessMemory(double Resident, double Peak)
{
    public static ProcessMemory Of(int process)
    {
        var lines = File.ReadAllLines($"/proc/{process}/status");
        return new ProcessMemory(Field("VmRSS:"), Field("VmHWM:"));

        // "VmRSS:     1234 kB"
        double Field(string name)
        {
            var line = lines.First(line => line.StartsWith(name, StringComparison.Ordinal));
            return 1024
                * double.Parse(line.AsSpan(name.Length, line.Length - name.Length - 3), CultureInfo.InvariantCulture)
                / 1e6;
        }
    }
}
