using MassTransit.Sidekiq.Tests.Redis;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class RemoteControlTests
{
    readonly ListLogger log = new();
    readonly Roster roster = new();
    readonly Lifetime host = new();
    int changes;

    // What the button Stop comes to: the option, whether there is a host, and whether that serves HTTP.
    [Theory]
    [InlineData(SidekiqRemoteControl.Automatic, true, false, "stops")]
    [InlineData(SidekiqRemoteControl.Automatic, true, true, "quiet")]
    [InlineData(SidekiqRemoteControl.Automatic, false, false, "quiet")]
    [InlineData(SidekiqRemoteControl.StopsHost, true, false, "stops")]
    [InlineData(SidekiqRemoteControl.StopsHost, true, true, "stops")]
    [InlineData(SidekiqRemoteControl.StopsHost, false, false, "quiet")]
    [InlineData(SidekiqRemoteControl.StopsFetching, true, false, "quiet")]
    [InlineData(SidekiqRemoteControl.StopsFetching, true, true, "quiet")]
    [InlineData(SidekiqRemoteControl.StopsFetching, false, false, "quiet")]
    [InlineData(SidekiqRemoteControl.Off, true, false, "")]
    [InlineData(SidekiqRemoteControl.Off, true, true, "")]
    [InlineData(SidekiqRemoteControl.Off, false, false, "")]
    public async Task Stop_of_the_Web_UI_ends_the_host_only_where_it_may(
        SidekiqRemoteControl option,
        bool hasHost,
        bool isWebHost,
        string expected
    )
    {
        roster.Add(Endpoint());
        var control = Control(option, hasHost, isWebHost);

        control.Obey("TERM");

        Assert.Equal(expected.Length > 0, control.IsQuiet);
        Assert.Equal(
            expected switch
            {
                "stops" => 2,
                "quiet" => 1,
                _ => 0,
            },
            log.Lines.Length
        );
        Assert.All(log.Lines, line => Assert.Contains("the Web UI", line, StringComparison.Ordinal));
        if (expected == "stops")
        {
            await host.Stopped.InTime();
        }

        Assert.Equal(expected == "stops", host.Stopped.IsCompleted);
    }

    [Theory]
    [InlineData(SidekiqRemoteControl.Automatic, true)]
    [InlineData(SidekiqRemoteControl.StopsHost, true)]
    [InlineData(SidekiqRemoteControl.StopsFetching, true)]
    [InlineData(SidekiqRemoteControl.Off, false)]
    public void Quiet_of_the_Web_UI_ends_the_fetching_and_never_the_host(SidekiqRemoteControl option, bool isQuiet)
    {
        roster.Add(Endpoint());
        var control = Control(option);

        control.Obey("TSTP");

        Assert.Equal((isQuiet, isQuiet), (control.IsQuiet, control.Quieted.IsCancellationRequested));
        Assert.Equal(isQuiet ? 1 : 0, log.Lines.Length);
    }

    [Theory]
    [InlineData(SidekiqRemoteControl.Automatic, true)]
    [InlineData(SidekiqRemoteControl.StopsHost, true)]
    [InlineData(SidekiqRemoteControl.StopsFetching, true)]
    [InlineData(SidekiqRemoteControl.Off, false)]
    public void Threads_are_told_with_their_jobs_and_nothing_else_changes(SidekiqRemoteControl option, bool areTold)
    {
        var endpoint = Endpoint();
        roster.Add(endpoint);
        endpoint.Begin(0, Job("""{"jid":"a","class":"Pay"}"""));
        endpoint.Begin(1, Job("""{"jid":"b","class":"Wrapper","wrapped":"Report"}"""));
        var control = Control(option);

        control.Obey("TTIN");

        Assert.Equal(areTold ? 2 : 0, log.Lines.Length);
        Assert.All(
            log.Lines.Zip(["Job a (Pay) ", "Job b (Report) "]),
            line => Assert.StartsWith(line.Second, line.First, StringComparison.Ordinal)
        );
        Assert.False(control.IsQuiet);
        Assert.Equal(0, changes);
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("term")]
    [InlineData("")]
    public void Signal_that_nobody_knows_changes_nothing(string signal)
    {
        roster.Add(Endpoint());
        var control = Control(SidekiqRemoteControl.StopsHost);

        control.Obey(signal);

        Assert.False(control.IsQuiet);
        Assert.Equal(0, changes);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public void Quiet_is_told_once_with_the_jobs_that_still_run()
    {
        var endpoint = Endpoint();
        roster.Add(endpoint);
        endpoint.Begin(0, Job("{}"));
        var control = Control(SidekiqRemoteControl.Automatic);

        control.Quiet("code");
        control.Quiet("the end of the host");

        Assert.Matches("code.* 1 ", Assert.Single(log.Lines));
        Assert.Equal(1, changes);
    }

    [Fact]
    public void Bus_that_only_sends_falls_quiet_without_a_word()
    {
        var control = Control(SidekiqRemoteControl.Automatic);

        control.Quiet("the end of the host");

        Assert.True(control.IsQuiet);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Process_that_is_quiet_already_can_still_be_stopped()
    {
        var control = Control(SidekiqRemoteControl.StopsHost);
        control.Obey("TSTP");

        control.Obey("TERM");

        await host.Stopped.InTime();
        Assert.Equal(1, changes);
    }

    // What is pressed on a page may be switched off; what the application does itself may not.
    [Fact]
    public async Task Code_stops_its_host_whatever_the_buttons_may_do()
    {
        Control(SidekiqRemoteControl.Off, isWebHost: true).Stop("code");

        await host.Stopped.InTime();
    }

    [Fact]
    public void Stop_without_a_host_is_all_that_Quiet_does()
    {
        var control = Control(SidekiqRemoteControl.StopsHost, hasHost: false);

        control.Stop("code");

        Assert.True(control.IsQuiet);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public void Stop_does_not_wait_for_the_host_which_may_wait_for_it()
    {
        host.IsHeld = true;

        Control(SidekiqRemoteControl.StopsHost).Stop("code");

        Assert.False(host.Stopped.IsCompleted);
        host.Release();
    }

    RemoteControl Control(SidekiqRemoteControl option, bool hasHost = true, bool isWebHost = false)
    {
        var settings = new BusSettings { Lifetime = hasHost ? host : null, IsWebHost = isWebHost };
        settings.Options.RemoteControl = option;
        var control = new RemoteControl(settings, roster, log);
        control.Changed += (_, _) => changes++;
        Assert.Equal(option == SidekiqRemoteControl.Off, control.IsOff);
        return control;
    }

    static EndpointWork Endpoint() => new("orders", new QueueOrder("orders"), concurrency: 2);

    static JobRunStub Job(string json) => new(json);

    sealed class Lifetime : IHostApplicationLifetime
    {
        readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource held = new();

        public bool IsHeld { get; set; }

        public Task Stopped => stopped.Task;

        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void Release() => held.SetResult();

        public void StopApplication()
        {
            if (IsHeld)
            {
                held.Task.Wait();
            }

            stopped.TrySetResult();
        }
    }
}
