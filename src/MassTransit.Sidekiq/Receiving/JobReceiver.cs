using MassTransit.Internals;
using MassTransit.Middleware;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// <summary>
/// One run of an endpoint, from start to stop.
/// 1. Wait until something consumes (a bus endpoint is idle until its first request) and until Redis is connected.
/// 2. Declare the endpoint in Redis: its ownership of the jobs it will claim, its subscriptions, its temporary queue.
/// 3. Fetch. A lost Redis makes the endpoint unhealthy; when it is back, 2 is repeated, since Redis may have come back empty.
/// 4. Stop gracefully: fetch no more, return jobs that have not started to their queues, let running jobs finish, settle the rest.
/// </summary>
#pragma warning disable CA1001 // StopAgent disposes it
internal class JobReceiver : Agent, ReceiveTransportHandle, DeliveryMetrics
#pragma warning restore CA1001
{
    static readonly TimeSpan unreachableAfter = TimeSpan.FromSeconds(1);

    readonly SidekiqReceiveEndpointContext context;
    readonly SidekiqProcess process;
    readonly IReceivePipeDispatcher dispatcher;
    readonly JobFetcher fetcher;
    readonly CancellationTokenSource deadline = new();
    readonly Task running;
    bool hasPurged;
    bool isRefused;

    public JobReceiver(SidekiqReceiveEndpointContext context)
    {
        this.context = context;
        process = context.Runtime.BeginProcess();
        dispatcher = context.CreateReceivePipeDispatcher();
        fetcher = new JobFetcher(context, process, dispatcher);

        running = Task.Run(Run);
        SetReady(running);
        SetCompleted(running);
    }

    public long DeliveryCount => dispatcher.DispatchCount;

    public int ConcurrentDeliveryCount => dispatcher.MaxConcurrentDispatchCount;

    Task ReceiveTransportHandle.Stop(CancellationToken cancellationToken) =>
        this.Stop("Stop Receive Transport", cancellationToken);

    protected override async Task StopAgent(StopContext stop)
    {
        LogContext.SetCurrentIfNull(context.LogContext);
        await using (stop.CancellationToken.Register(deadline.Cancel).ConfigureAwait(false))
        {
            await running.ConfigureAwait(false);
        }

        deadline.Dispose();
    }

    async Task Run()
    {
        LogContext.Current = context.LogContext;

        try
        {
            await SomethingConsumes().ConfigureAwait(false);
            await Declare().ConfigureAwait(false);

            if (context.Runtime.Host.DeployTopologyOnly)
            {
                await TellReady().ConfigureAwait(false);
                return;
            }

            await context.DependenciesReady.OrCanceled(Stopping).ConfigureAwait(false);
            await TellReady().ConfigureAwait(false);
            await Fetch().ConfigureAwait(false);
            await Withdraw().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // Stopped before it fetched anything: nothing was claimed.
        }
        catch (Exception fault)
        {
            LogContext.Error?.Log(fault, "Endpoint cannot run: {InputAddress}", context.InputAddress);
            await TellFaulted(fault).ConfigureAwait(false);
        }
        finally
        {
            await Tell(observers => observers.NotifyCompleted(context.InputAddress, this)).ConfigureAwait(false);
            context.LogConsumerCompleted(DeliveryCount, ConcurrentDeliveryCount);
        }
    }

    // Until the endpoint stops. A test harness fetches when the test asks for it.
    protected virtual Task Fetch() => fetcher.Run(Outage, Stopping, deadline.Token);

    async Task SomethingConsumes()
    {
        if (context.ReceivePipe.Connected.IsCompleted)
        {
            return;
        }

        await Connected().ConfigureAwait(false);
        process.Redis.Lost += IdleLost;
        process.Redis.Back += IdleBack;
        try
        {
            await TellReady(isStarted: false).ConfigureAwait(false);
            await context.ReceivePipe.Connected.OrCanceled(Stopping).ConfigureAwait(false);
        }
        finally
        {
            process.Redis.Lost -= IdleLost;
            process.Redis.Back -= IdleBack;
        }
    }

    // An idle endpoint sends Redis no command, but a bus that cannot send is not healthy.
    void IdleLost(object? sender, RedisOutage outage) => _ = TellFaulted(Unreachable(outage.Reason));

    void IdleBack(object? sender, RedisOutage outage) => _ = TellReady(isStarted: false);

    Task TellReady(bool isStarted = true) => Tell(observers => observers.NotifyReady(context.InputAddress, isStarted));

    Task TellFaulted(Exception fault) => Tell(observers => observers.NotifyFaulted(context.InputAddress, fault));

    // An observer of the user that throws does not end the endpoint.
    async Task Tell(Func<IReceiveTransportObserver, Task> notify)
    {
        try
        {
            await notify(context.TransportObservers).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            LogContext.Warning?.Log(
                ReadableException.For(fault),
                "An observer of {InputAddress} failed",
                context.InputAddress
            );
        }
    }

    // Waits for Redis, however long it takes, and declares this endpoint in it.
    async Task Declare()
    {
        var backOff = new BackOff();
        while (true)
        {
            try
            {
                await Connected().ConfigureAwait(false);
                await process.Begin(context.Endpoint.Queues.Names).ConfigureAwait(false);
                await DeclareTopology().ConfigureAwait(false);
                return;
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                Refused(fault);
                await TellFaulted(fault).ConfigureAwait(false);
                await Task.Delay(backOff.Next(), context.Runtime.Clock, Stopping).ConfigureAwait(false);
            }
        }
    }

    // Redis may be unavailable for long: after a second the endpoint is unhealthy, with the reason.
    async Task Connected()
    {
        var connected = process.Redis.Connected(Stopping);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Stopping);
        var first = await Task.WhenAny(connected, Task.Delay(unreachableAfter, context.Runtime.Clock, timeout.Token))
            .ConfigureAwait(false);
        await timeout.CancelAsync().ConfigureAwait(false);

        if (first != connected && !Stopping.IsCancellationRequested)
        {
            var fault = Unreachable(process.Redis.Outage ?? "no connection yet");
            await TellFaulted(fault).ConfigureAwait(false);
        }

        await connected.ConfigureAwait(false);
    }

    ConnectionException Unreachable(string reason) =>
        new($"Redis at {process.Redis.Settings.Address} {process.Redis.Silence} ({reason}).", isTransient: true);

    async Task DeclareTopology()
    {
        var endpoint = context.Endpoint;
        var queue = endpoint.Queues.Names[0];
        await process.Limits.Declare(endpoint.Limits.Definitions).ConfigureAwait(false);

        if (endpoint.IsTemporary)
        {
            await process.Temporary.Keep(queue, Subscribe).ConfigureAwait(false);
        }
        else
        {
            await process.Stores.Topics.MakeLasting(endpoint.Queues.Names).ConfigureAwait(false);
            process.Lease.KeepSubscribed(context.InputAddress, Subscribe);
        }

        await Subscribe().ConfigureAwait(false);
        process.Subscriptions.Made(context.InputAddress);

        if (endpoint.PurgesOnStartup && !hasPurged)
        {
            foreach (var purged in endpoint.Queues.Names)
            {
                await process.Stores.Jobs.Purge(purged).ConfigureAwait(false);
            }

            hasPurged = true;
        }
    }

    async Task Subscribe()
    {
        var endpoint = context.Endpoint;
        var subscriber = endpoint.IsTemporary ? RedisKeys.TemporarySubscriber : "";
        await process
            .Stores.Topics.Subscribe([.. endpoint.Topics], endpoint.Queues.Names[0], subscriber)
            .ConfigureAwait(false);
    }

    // Logs a failure that waiting does not resolve, once. The connection logs that Redis is unavailable or full.
    void Refused(Exception fault)
    {
        if (!isRefused && fault is not ConnectionException { IsTransient: true })
        {
            isRefused = true;
            process.Redis.Logger.EndpointRefused(fault, context.InputAddress, fault.Message);
        }
    }

    void Served()
    {
        if (isRefused)
        {
            isRefused = false;
            process.Redis.Logger.EndpointServed(context.InputAddress);
        }
    }

    // Called by the fetch loop after a failure of Redis, and with null when it works again.
    async Task Outage(Exception? fault)
    {
        if (fault is null)
        {
            Served();
            return;
        }

        Refused(fault);
        await TellFaulted(fault).ConfigureAwait(false);
        await Declare().ConfigureAwait(false);
        await TellReady().ConfigureAwait(false);
    }

    // A temporary queue ends with its endpoint; without Redis it expires by itself. Another endpoint of this process may still
    // claim from the other queues, so their ownership is released only when the process ends.
    async Task Withdraw()
    {
        process.Lease.RemoveSubscriber(context.InputAddress);
        if (context.Endpoint.IsTemporary)
        {
            var queue = context.Endpoint.Queues.Names[0];
            var farewell = new Farewell($"the queue of {context.InputAddress} expires by itself within a minute");
            await farewell.Try("disown it", () => process.Stores.Leases.Disown(queue)).ConfigureAwait(false);
            await farewell
                .Try("remove it", () => process.Temporary.Remove(queue, context.Endpoint.Topics))
                .ConfigureAwait(false);
        }
    }
}
