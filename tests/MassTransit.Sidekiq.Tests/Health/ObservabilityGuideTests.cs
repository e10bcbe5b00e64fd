using System.Diagnostics;
using System.Text.RegularExpressions;
using MassTransit.Sidekiq.Tests.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MassTransit.Sidekiq.Tests.Health;

/// <summary>The code of docs/observability.md, as it stands there.</summary>
[Collection(Activities.Collection)]
public sealed partial class ObservabilityGuideTests
{
    static readonly string page = File.ReadAllText(Repository.PathOf("docs/observability.md"));

    [Fact]
    public void Instrumentation_is_one_line_each()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);

        builder
            .Services.AddOpenTelemetry()
            .WithTracing(traces => traces.AddSidekiqInstrumentation())
            .WithMetrics(metrics => metrics.AddSidekiqInstrumentation());

        using var host = builder.Build();
        Assert.NotNull(host.Services.GetService<TracerProvider>());
        Assert.NotNull(host.Services.GetService<MeterProvider>());
    }

    [Fact]
    public void Probe_files_are_published_by_the_health_checks()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);

        builder.Services.AddSidekiqProbeFiles(live: "/tmp/live", ready: "/tmp/ready");

        using var host = builder.Build();
        Assert.Single(host.Services.GetServices<IHealthCheckPublisher>());
    }

    // Of a file that was just written, of one that is too old, and of none.
    [Fact]
    public async Task Probe_of_the_page_passes_while_the_file_is_young()
    {
        var commands = Probe().Matches(page).Select(match => match.Value).ToList();
        Assert.Equal(4, commands.Count);
        var folder = Directory.CreateTempSubdirectory("sidekiq-probe-");
        foreach (var command in commands)
        {
            var file = Path.Combine(folder.FullName, "file");
            var typed = ProbedFile().Replace(command, file);
            Assert.NotEqual(0, await Run(typed));

            await File.WriteAllTextAsync(file, "Healthy\n", TestContext.Current.CancellationToken);
            Assert.Equal(0, await Run(typed));

            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
            Assert.NotEqual(0, await Run(typed));
            File.Delete(file);
        }

        folder.Delete();
    }

    static async Task<int> Run(string command)
    {
        using var shell = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardError = true }
        )!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken).InTime();
        return shell.ExitCode;
    }

    [GeneratedRegex(@"test -n ""\$\(find /tmp/\w+ -mmin -1\)""")]
    private static partial Regex Probe();

    [GeneratedRegex("/tmp/[a-z]+")]
    private static partial Regex ProbedFile();
}
