using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Tests.Health;

public sealed class ProbeFilesTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sidekiq-probe-");
    readonly HostLife life = new();

    string Live => Path.Combine(folder.FullName, "live");

    string Ready => Path.Combine(folder.FullName, "ready");

    [Fact]
    public async Task Files_are_there_while_no_check_of_their_tag_is_unhealthy()
    {
        using var files = await Start();

        await Publish(files, HealthStatus.Healthy, HealthStatus.Degraded);
        Assert.Equal([Live, Ready], Files());

        await Publish(files, HealthStatus.Healthy, HealthStatus.Unhealthy);
        Assert.Equal([Live], Files());

        await Publish(files, HealthStatus.Unhealthy, HealthStatus.Healthy);
        Assert.Equal([Ready], Files());
    }

    [Fact]
    public async Task Each_report_writes_them_anew_so_that_their_age_tells_a_process_that_hangs()
    {
        using var files = await Start();
        await Publish(files, HealthStatus.Healthy, HealthStatus.Healthy);
        File.SetLastWriteTimeUtc(Live, DateTime.UnixEpoch);

        await Publish(files, HealthStatus.Healthy, HealthStatus.Healthy);

        Assert.NotEqual(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(Live));
    }

    [Fact]
    public async Task Report_of_some_checks_leaves_the_others_as_they_were()
    {
        using var files = await Start();
        await Publish(files, HealthStatus.Healthy, HealthStatus.Unhealthy);

        // Another check has a period of its own.
        await Publish(files, new() { ["database"] = Entry(HealthStatus.Healthy, "ready") });
        Assert.Equal([Live], Files());

        await Publish(files, HealthStatus.Healthy, HealthStatus.Healthy);
        Assert.Equal([Live, Ready], Files());
    }

    [Fact]
    public async Task Ready_goes_when_the_host_begins_to_stop_and_live_when_it_has()
    {
        using var files = await Start();
        await Publish(files, HealthStatus.Healthy, HealthStatus.Healthy);

        life.StopApplication();
        Assert.Equal([Live], Files());
        await Publish(files, HealthStatus.Healthy, HealthStatus.Healthy);
        Assert.Equal([Live], Files());

        life.Stopped.Cancel();
        await Publish(files, HealthStatus.Healthy, HealthStatus.Healthy);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Files_that_a_killed_process_left_are_removed_at_the_start()
    {
        await File.WriteAllTextAsync(Live, "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Ready, "", TestContext.Current.CancellationToken);

        using var files = await Start();

        Assert.Empty(Files());
    }

    [Fact]
    public async Task Folder_that_is_not_there_stops_the_host_and_is_named()
    {
        using var files = new ProbeFiles("/nowhere/live", null, life);

        var fault = await Assert.ThrowsAsync<ConfigurationException>(() =>
            files.StartAsync(TestContext.Current.CancellationToken)
        );

        Assert.StartsWith(
            "The probe file '/nowhere/live' cannot be written: ",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("/tmp/one", "/tmp/one")]
    public void Files_that_cannot_work_are_refused(string? live, string? ready)
    {
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddSidekiqProbeFiles(live, ready));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new ServiceCollection().AddSidekiqProbeFiles("/tmp/live", period: TimeSpan.FromMilliseconds(999))
        );
    }

    [Fact]
    public async Task Worker_without_HTTP_shows_an_outage_of_Redis_as_not_ready_and_goes_on_living()
    {
        await using var server = await RedisServer.StartOwn();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host($"redis://127.0.0.1:{server.Port}/0");
                    cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
                }
            )
        );
        builder.Services.AddSidekiqProbeFiles(Live, Ready, TimeSpan.FromSeconds(1));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken).InTime();
        await Until(() => Files().Contains(Ready));

        await server.Stop();
        await Until(() => !Files().Contains(Ready));
        File.SetLastWriteTimeUtc(Live, DateTime.UnixEpoch);
        await Until(() => File.GetLastWriteTimeUtc(Live) != DateTime.UnixEpoch);

        await server.Restart();
        await Until(() => Files().Contains(Ready));
        await host.StopAsync(TestContext.Current.CancellationToken).InTime();
        Assert.Empty(Files());
    }

    public void Dispose()
    {
        life.Dispose();
        folder.Delete(recursive: true);
    }

    string[] Files() => [.. Directory.GetFiles(folder.FullName).Where(file => file == Live || file == Ready).Order()];

    async Task<ProbeFiles> Start()
    {
        var files = new ProbeFiles(Live, Ready, life);
        await files.StartAsync(TestContext.Current.CancellationToken);
        return files;
    }

    static Task Publish(ProbeFiles files, HealthStatus live, HealthStatus ready) =>
        Publish(files, new() { ["sidekiq-live"] = Entry(live, "live"), ["sidekiq"] = Entry(ready, "ready") });

    static Task Publish(ProbeFiles files, Dictionary<string, HealthReportEntry> entries) =>
        files.PublishAsync(new HealthReport(entries, TimeSpan.Zero), TestContext.Current.CancellationToken);

    static HealthReportEntry Entry(HealthStatus status, string tag) =>
        new(status, null, TimeSpan.Zero, null, null, [tag]);

    sealed class HostLife : IHostApplicationLifetime, IDisposable
    {
        readonly CancellationTokenSource stopping = new();

        public CancellationTokenSource Stopped { get; } = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => stopping.Token;

        public CancellationToken ApplicationStopped => Stopped.Token;

        public void StopApplication() => stopping.Cancel();

        public void Dispose()
        {
            stopping.Dispose();
            Stopped.Dispose();
        }
    }
}
