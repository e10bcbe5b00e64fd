using MassTransit.DependencyInjection;
using MassTransit.Sidekiq.Tests.Redis;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>A bus that is configured and never started; Redis is nowhere, since nothing here asks it anything.</summary>
public sealed class BusRuntimeTests
{
    readonly BusRuntime runtime = Runtime();

    [Fact]
    public async Task Process_is_made_when_it_is_first_asked_for_and_only_then()
    {
        Assert.Null(runtime.RunningProcess);

        var process = runtime.Process;

        Assert.Same(process, runtime.Process);
        Assert.Same(process, runtime.RunningProcess);
        await Stop(process);
    }

    [Fact]
    public async Task Many_who_ask_at_once_get_the_same_process()
    {
        var processes = new SidekiqProcess[50];

        Parallel.For(0, processes.Length, i => processes[i] = runtime.Process);

        await Stop(Assert.Single(processes.Distinct()));
    }

    [Fact]
    public async Task Start_of_the_bus_takes_the_process_that_a_send_before_it_has_made()
    {
        var early = runtime.Process;

        Assert.Same(early, runtime.BeginProcess());
        Assert.Same(early, runtime.BeginProcess());
        await Stop(early);
    }

    [Fact]
    public async Task Bus_that_starts_anew_is_another_process()
    {
        var first = runtime.BeginProcess();
        Assert.Same(first, runtime.EndProcess());

        var second = runtime.BeginProcess();

        Assert.NotSame(first, second);
        Assert.NotEqual(first.Identity, second.Identity);
        Assert.Same(second, runtime.RunningProcess);
        await Stop(first);
        await Stop(second);
    }

    [Fact]
    public async Task Process_that_has_ended_is_no_running_one_and_is_still_what_a_late_send_gets()
    {
        var process = runtime.BeginProcess();

        runtime.EndProcess();

        Assert.Null(runtime.RunningProcess);
        Assert.Same(process, runtime.Process);
        await Stop(process);
    }

    [Fact]
    public async Task Process_is_given_once_to_who_ends_it()
    {
        var process = runtime.BeginProcess();

        Assert.Same(process, runtime.EndProcess());
        Assert.Null(runtime.EndProcess());
        await Stop(process);
    }

    [Fact]
    public async Task Bus_without_a_process_has_none_to_end_and_may_still_begin_one()
    {
        Assert.Null(runtime.EndProcess());
        Assert.Null(runtime.EndProcess());

        var process = runtime.BeginProcess();

        Assert.Same(process, runtime.RunningProcess);
        await Stop(process);
    }

    [Fact]
    public async Task Bus_that_only_sent_leaves_nothing_in_Redis_when_it_ends()
    {
        await using var steps = await RedisSteps.Open();
        var sender = Runtime(steps.Redis.Url);
        await sender.Process.Stores.Jobs.Push("orders", "job".Bytes());

        await Stop(sender.EndProcess()!);

        Assert.Equal(["queue:orders", "queues"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Bus_of_another_transport_has_no_runtime_and_says_so()
    {
        var services = new ServiceCollection();
        services.AddMassTransit(x => x.UsingInMemory());
        await using var provider = services.BuildServiceProvider();
        var bus = provider.GetRequiredService<Bind<IBus, IBusInstance>>().Value;

        Assert.Null(BusRuntime.Find(bus));
        var fault = Assert.Throws<ConfigurationException>(() => BusRuntime.Of(bus));
        Assert.Contains("IBus", fault.Message, StringComparison.Ordinal);
        Assert.Contains("loopback://localhost/", fault.Message, StringComparison.Ordinal);
    }

    static BusRuntime Runtime(string url = "redis://127.0.0.1:1")
    {
        var host = new SidekiqBusConfiguration().Host;
        host.Settings.Apply(url);
        return host.Runtime;
    }

    static Task Stop(SidekiqProcess process) => process.Stop("the end of the test").InTime();
}
