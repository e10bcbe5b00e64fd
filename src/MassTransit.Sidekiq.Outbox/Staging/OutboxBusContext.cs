using MassTransit.Clients;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// What a scope sends with: everything goes into its context instead of onto the bus. Requests do so only when configured, since
// most callers await the response at once, and a message that is not yet committed gets no response.
internal sealed class OutboxBusContext<TBus, TDbContext>(
    TBus bus,
    OutboxStage<TDbContext> stage,
    OutboxSettings<TDbContext> settings,
    IClientFactory clientFactory,
    IServiceProvider provider,
    ConsumeContext? consumeContext
) : ScopedBusContext, OutboxSendContext
    where TBus : class, IBus
    where TDbContext : DbContext
{
    public ISendEndpointProvider SendEndpointProvider => field ??= new OutboxSendEndpointProvider(this, Sender());

    public IPublishEndpoint PublishEndpoint => field ??= new PublishEndpoint(PublishEndpointProvider);

    public IScopedClientFactory ClientFactory =>
        field ??= new ScopedClientFactory(new ClientFactory(Requests()), consumeContext);

    IPublishEndpointProvider PublishEndpointProvider => field ??= new OutboxPublishEndpointProvider(this, Publisher());

    public Task AddSend<T>(SendContext<T> context)
        where T : class
    {
        if (!settings.Options.Stages(typeof(T)) || context.TryGetPayload<SkipOutbox>(out _))
        {
            return stage.SendDirectly(context);
        }

        return stage.Add(context);
    }

    public object? GetService(Type serviceType) => provider.GetService(serviceType);

    ClientFactoryContext Requests() =>
        settings.Options.HasStagedRequests
            ? new OutboxRequests(clientFactory.Context, SendEndpointProvider, PublishEndpointProvider)
            : new ScopedClientFactoryContext(clientFactory, provider);

    ISendEndpointProvider Sender() =>
        consumeContext is null ? bus : new ScopedConsumeSendEndpointProvider(bus, consumeContext, provider);

    IPublishEndpointProvider Publisher() =>
        consumeContext is null ? bus : new ScopedConsumePublishEndpointProvider(bus, consumeContext, provider);
}

// Chooses what a scope sends with: inside a consumer of this bus, that consumer's context; otherwise the outbox.
internal sealed class OutboxBusContextProvider<TBus, TDbContext>(
    TBus bus,
    Bind<TBus, IClientFactory> clientFactory,
    Bind<TBus, IScopedConsumeContextProvider> busConsumeContext,
    IScopedConsumeContextProvider anyConsumeContext,
    OutboxLog<TDbContext> log,
    IServiceProvider provider
) : IScopedBusContextProvider<TBus>, IDisposable
    where TBus : class, IBus
    where TDbContext : DbContext
{
    OutboxStage<TDbContext>? stage;
    ScopedBusContext? outbox;
    (ConsumeContext Consumed, ScopedBusContext Context)? consumer;

    public ScopedBusContext Context => field ??= new ScopeEndpoints(Choose);

    public void Dispose()
    {
        if (stage is null)
        {
            return;
        }

        if (stage.HasUnsaved)
        {
            log.NeverSaved();
        }

        stage.End();
    }

    ScopedBusContext Choose()
    {
        if (!busConsumeContext.Value.HasContext)
        {
            return outbox ??= Outbox();
        }

        var consumed = busConsumeContext.Value.GetContext();
        if (!ReferenceEquals(consumer?.Consumed, consumed))
        {
            consumer = (consumed, new ConsumeContextScopedBusContext(consumed, clientFactory.Value));
        }

        return consumer!.Value.Context;
    }

    ScopedBusContext Outbox()
    {
        if (provider.GetRequiredService<OutboxBus<TDbContext>>().IsInMemory)
        {
            return new BusScopedBusContext<TBus>(bus, clientFactory.Value, provider);
        }

        stage = provider.GetRequiredService<OutboxStage<TDbContext>>();
        return new OutboxBusContext<TBus, TDbContext>(
            bus,
            stage,
            provider.GetRequiredService<OutboxSettings<TDbContext>>(),
            clientFactory.Value,
            provider,
            anyConsumeContext.HasContext ? anyConsumeContext.GetContext() : null
        );
    }
}
