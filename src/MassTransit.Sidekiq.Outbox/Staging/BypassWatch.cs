using System.Collections.Concurrent;
using System.Diagnostics;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Warns of messages that go straight to Redis while a transaction of the context is open: most likely IBus was injected
// where IPublishEndpoint or ISendEndpointProvider was meant, and the message is out even if the transaction is rolled back.
// A scope's context leaves a mark in the flow of whoever resolves it; the context's interceptor notes there that a
// transaction is open; the bus's observers look at it. Where the flow does not pass on (a pooled context, a context made by
// hand) nothing is seen and nothing is said. Requests go past the outbox on purpose.
internal sealed class BypassWatch<TDbContext>(OutboxLog<TDbContext> log) : ISendObserver, IPublishObserver
    where TDbContext : DbContext
{
    // Each is a line of somebody's code; a program that makes more of them makes them at run time.
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

        return "a place that the stack does not tell";
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
