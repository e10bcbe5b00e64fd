using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq;

/// <summary>
/// Shows the health of a process without HTTP as two files, for probes that run a command.
/// 1. At the start, files that a killed process left are removed. A path that cannot be written stops the host.
/// 2. With each report of the health checks, a file is written anew while no check of its tag is unhealthy, and removed otherwise. A
///    probe that also asks for its age notices a process that no longer writes.
/// 3. When the host begins to stop, `ready` is removed; when it has stopped, `live`.
/// </summary>
internal sealed class ProbeFiles(string? live, string? ready, IHostApplicationLifetime lifetime)
    : IHealthCheckPublisher,
        IHostedService,
        IDisposable
{
    readonly Lock gate = new();

    // Checks with a period of their own come in reports of their own.
    readonly Dictionary<string, HealthReportEntry> checks = new(StringComparer.Ordinal);
    CancellationTokenRegistration stopping;
    CancellationTokenRegistration stopped;
    bool isStopping;
    bool isStopped;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var path in new[] { live, ready }.OfType<string>())
        {
            Try(path);
        }

        stopping = lifetime.ApplicationStopping.Register(() => End(ref isStopping, ready));
        stopped = lifetime.ApplicationStopped.Register(() => End(ref isStopped, live));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        lock (gate)
        {
            foreach (var (name, check) in report.Entries)
            {
                checks[name] = check;
            }

            Show(live, "live", isStopped);
            Show(ready, "ready", isStopping);
        }

        return Task.CompletedTask;
    }

    public void Dispose()
    {
        stopping.Dispose();
        stopped.Dispose();
    }

    static void Try(string path)
    {
        try
        {
            Write(path, "");
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigurationException(
                $"The probe file '{path}' cannot be written: {fault.Message} Name a file in a folder that exists and that the process may write to, such as a mounted emptyDir.",
                fault
            );
        }
    }

    // Degraded is no reason to restart a process, or to take it out of service.
    void Show(string? path, string tag, bool hasEnded)
    {
        if (path is null || hasEnded)
        {
            return;
        }

        var tagged = checks.Values.Where(check => check.Tags.Contains(tag, StringComparer.Ordinal));
        var worst = tagged.Select(check => check.Status).DefaultIfEmpty(HealthStatus.Healthy).Min();
        if (worst == HealthStatus.Unhealthy)
        {
            File.Delete(path);
        }
        else
        {
            Write(path, $"{worst}\n");
        }
    }

    // A probe never sees a half-written file, and each one has the time of its writing.
    static void Write(string path, string text)
    {
        var next = path + ".next";
        File.WriteAllText(next, text);
        File.Move(next, path, overwrite: true);
    }

    void End(ref bool hasEnded, string? path)
    {
        lock (gate)
        {
            hasEnded = true;
            if (path is not null)
            {
                File.Delete(path);
            }
        }
    }
}
