using System.Collections.Concurrent;
using System.Diagnostics;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Warns of messages that are sent straight to Redis while a transaction of the context is open: most likely IBus was injected
// instead of IPublishEndpoint or ISendEndpointProvider, and the message is sent even if the transaction is rolled back.
// A scope's context leaves a mark in the async flow that resolves it; the context's interceptor records there that a
// transaction is open; the bus's observers check it. Where the flow does not carry it (a pooled context, a context created by
// hand) nothing is detected or logged. Requests bypass the outbox on purpose.
internal sealed class BypassWatch<TDbContext>(OutboxLog<TDbContext> log) : ISendObserver, IPublishObserver
    where TDbContext : DbContext
{
    // Each is a line of source code; a program with more of them generates them at run time.
    const int MostSites = 1000;

    readonly AsyncLocal<Scope?> current = new();
    readonly ConcurrentDictionary<string, bool> warned = new(StringComparer.Ordinal);

    // A scope has begun to configure its context.
    public void Enter() => current.Value = new Scope();

    public void Begin(Guid transaction)
    {
        if (current.Value is { } scope)
        {
            scope.Transaction = transaction;
        }
    }

    public void End(Guid transaction)
    {
        if (current.Value is { } scope && scope.Transaction == transaction)
        {
            scope.Transaction = null;
        }
    }

    public Task PreSend<T>(SendContext<T> context)
        where T : class => Look(context);

    public Task PrePublish<T>(PublishContext<T> context)
        where T : class => Look(context);

    public Task PostSend<T>(SendContext<T> context)
        where T : class => Task.CompletedTask;

    public Task PostPublish<T>(PublishContext<T> context)
        where T : class => Task.CompletedTask;

    public Task SendFault<T>(SendContext<T> context, Exception exception)
        where T : class => Task.CompletedTask;

    public Task PublishFault<T>(PublishContext<T> context, Exception exception)
        where T : class => Task.CompletedTask;

    Task Look<T>(SendContext<T> context)
        where T : class
    {
        if (
            current.Value?.Transaction is not null
            && context.RequestId is null
            && warned.Count < MostSites
            && !context.TryGetPayload<ThroughOutbox>(out _)
        )
        {
            var site = CallSite();
            if (warned.TryAdd($"{site} {TypeCache<T>.ShortName}", true))
            {
                log.Bypassed(TypeCache<T>.ShortName, site);
            }
        }

        return Task.CompletedTask;
    }

    // The first frame that is neither ours nor the framework's.
    static string CallSite()
    {
        foreach (var frame in new StackTrace(fNeedFileInfo: false).GetFrames())
        {
            var method = frame.GetMethod();
            var name = method?.DeclaringType?.Assembly.GetName().Name;
            if (
                name is not null
                && name
                    is not (
                        "MassTransit"
                        or "MassTransit.Abstractions"
                        or "MassTransit.Sidekiq"
                        or "MassTransit.Sidekiq.Outbox"
                    )
                && !name.StartsWith("System.", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.", StringComparison.Ordinal)
            )
            {
                return $"{method!.DeclaringType!.FullName}.{method.Name}";
            }
        }

        return "an unknown place";
    }

    sealed class Scope
    {
        public Guid? Transaction { get; set; }
    }
}

// Watches what the bus sends while it runs.
internal sealed class BypassObserver<TDbContext>(BypassWatch<TDbContext> watch, Func<IBusInstance> instance)
    : BusLifetime(instance)
    where TDbContext : DbContext
{
    readonly List<ConnectHandle> connected = [];

    protected override void Start(IBusInstance bus)
    {
        connected.Add(bus.Bus.ConnectSendObserver(watch));
        connected.Add(bus.Bus.ConnectPublishObserver(watch));
    }

    protected override Task Stop()
    {
        connected.ForEach(handle => handle.Disconnect());
        connected.Clear();
        return Task.CompletedTask;
    }
}
