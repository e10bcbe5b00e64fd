using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Embedded;

public sealed class EmbeddedServerTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("sidekiq-embedded-").FullName;

    [Fact]
    public async Task Bus_without_a_Redis_works_on_the_embedded_server()
    {
        var seen = new Seen<OrderPaid>();
        await using var application = EmbeddedApplication.Build(
            folder,
            configure: (_, cfg) => cfg.ReceiveEndpoint("payments", e => e.Note(seen))
        );
        await application.Start();

        await application.Bus.Publish(new OrderPaid(7), TestContext.Current.CancellationToken);
        await (await application.Bus.GetSendEndpoint(new Uri("queue:payments"))).Send(
            new OrderPaid(8),
            TestContext.Current.CancellationToken
        );

        Assert.Equal([7, 8], (await seen.Next(2)).Select(paid => paid.OrderId).Order());
        await application.Stop();
    }

    [Fact]
    public async Task Restart_finds_its_jobs()
    {
        // Not disposed before the end: MassTransit keeps the log of the last bus for the process.
        await using var before = EmbeddedApplication.Build(folder);
        await before.Start();
        await (await before.Bus.GetSendEndpoint(new Uri("queue:payments"))).Send(
            new OrderPaid(7),
            TestContext.Current.CancellationToken
        );
        await before.Stop();

        var seen = new Seen<OrderPaid>();
        await using var after = EmbeddedApplication.Build(
            folder,
            configure: (_, cfg) => cfg.ReceiveEndpoint("payments", e => e.Note(seen))
        );
        await after.Start();

        Assert.Equal(7, (await seen.Next()).OrderId);
        await after.Stop();
    }

    [Fact]
    public async Task Folder_serves_one_process_and_the_second_is_told_the_way_out()
    {
        await using var first = EmbeddedApplication.Build(folder);
        await first.Start();
        await using var second = EmbeddedApplication.Build(folder);

        var refused = await Assert.ThrowsAsync<ConfigurationException>(second.Start);

        Assert.Contains(folder, refused.Message, StringComparison.Ordinal);
        Assert.Contains("set another DataFolder", refused.Message, StringComparison.Ordinal);
        await first.Stop();
    }

    [Fact]
    public async Task Taken_port_is_refused_with_the_way_out()
    {
        await using var first = EmbeddedApplication.Build(folder);
        await first.Start();

        await using var second = EmbeddedApplication.Build(folder + "-2", port: first.Transport.Port);

        var refused = await Assert.ThrowsAsync<ConfigurationException>(second.Start);
        Assert.Contains("Set another Port, or 0", refused.Message, StringComparison.Ordinal);
        await first.Stop();
    }

    [Fact]
    public async Task Redis_that_is_configured_takes_precedence_and_nothing_is_started()
    {
        await using var redis = await RedisServer.Lease();
        await using var application = EmbeddedApplication.Build(
            folder,
            services => services.Configure<SidekiqTransportOptions>(options => options.Url = redis.Url)
        );
        await application.Start();

        await (await application.Bus.GetSendEndpoint(new Uri("queue:payments"))).Send(
            new OrderPaid(7),
            TestContext.Current.CancellationToken
        );

        Assert.Single(await redis.Queue("payments"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Assert.Empty(application.Log.Of("MassTransit.Sidekiq.Embedded"));
        await application.Stop();
    }

    [Theory]
    [InlineData("Development", "Information")]
    [InlineData("Production", "Warning")]
    public async Task Start_is_logged_once_with_the_word_about_production(string environment, string level)
    {
        await using var application = EmbeddedApplication.Build(folder, environment: environment);
        await application.Start();

        var line = Assert.Single(application.Log.Of("MassTransit.Sidekiq.Embedded"));

        Assert.Equal(
            $"MassTransit.Sidekiq.Embedded {level}: Embedded server on 127.0.0.1:{application.Transport.Port}, data in {folder}: "
                + "for development and small installations. Use Redis or Valkey in production",
            line
        );
        await application.Stop();
    }

    [Fact]
    public void Public_surface_is_the_approved_one() =>
        Approved.Matches(
            PublicApi.Print(Assembly.Load("MassTransit.Sidekiq.Embedded")),
            "tests/MassTransit.Sidekiq.Tests/Embedded",
            "PublicApi"
        );

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        if (Directory.Exists(folder + "-2"))
        {
            Directory.Delete(folder + "-2", recursive: true);
        }
    }

    public sealed record OrderPaid(int OrderId);
}
