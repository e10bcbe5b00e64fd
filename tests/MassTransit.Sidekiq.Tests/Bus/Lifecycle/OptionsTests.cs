using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What a host says of <see cref="SidekiqTransportOptions"/> when it starts, before it starts anything.</summary>
public class OptionsTests
{
    [Fact]
    public void Every_fault_of_the_options_is_reported_at_start_and_at_once()
    {
        using var provider = Build(options =>
        {
            options.Url = "s3cret";
            options.Host = " ";
            options.Port = 70_000;
            options.Endpoints.Add("redis-2:seven");
            options.Database = -1;
            options.ClientName = "my shop";
            options.ConnectTimeout = TimeSpan.Zero;
            options.TimeFormat = (SidekiqTimeFormat)7;
        });

        var fault = Assert.Throws<OptionsValidationException>(() =>
            provider.GetRequiredService<IStartupValidator>().Validate()
        );

        Assert.Equal(7, fault.Failures.Count());
        foreach (
            var text in new[]
            {
                "Host: Url is neither a URL nor a connection string. Write it as redis://user:password@host:6379/0, or as host:6379,",
                "Endpoint 'redis-2:seven' is not host:port. Write it as redis-2:6379.",
                "' :70000' is not a host and a port from 1 to 65535.",
                "Database: -1 is negative.",
                "ClientName: 'my shop' contains a space",
                "ConnectTimeout: 00:00:00 is not positive. The default is 5 seconds.",
                "TimeFormat: 7 is not a time format.",
            }
        )
        {
            Assert.Contains(text, fault.Message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_a_further_bus_are_reported_with_its_name()
    {
        var services = new ServiceCollection();
        services.Configure<SidekiqTransportOptions>(nameof(ISecondBus), options => options.Database = -1);
        services.AddMassTransit<ISecondBus>(x => x.UsingSidekiq());
        using var provider = services.BuildServiceProvider();

        var fault = Assert.Throws<OptionsValidationException>(() =>
            provider.GetRequiredService<IStartupValidator>().Validate()
        );

        Assert.Contains("SidekiqTransportOptions of ISecondBus, Database", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_are_without_fault()
    {
        using var provider = Build(_ => { });

        provider.GetRequiredService<IStartupValidator>().Validate();
    }

    static ServiceProvider Build(Action<SidekiqTransportOptions> configure)
    {
        var services = new ServiceCollection();
        services.Configure(configure);
        services.AddMassTransit(x => x.UsingSidekiq());
        return services.BuildServiceProvider();
    }

    public interface ISecondBus : IBus;
}
