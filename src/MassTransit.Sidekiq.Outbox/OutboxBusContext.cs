using MassTransit.Clients;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// What a scope sends with: everything goes into its context instead of onto the bus. Requests do so only when asked, since
/// most callers await the answer at once, and nobody answers a message that is not yet committed.
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

        stage.Add(context);
        return Task.CompletedTask;
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

/// Chooses what a scope sends with: inside a consumer of this bus, that consumer's context; else the outbox.
internal sealed class OutboxBusContextProvider<TBus, TDbContext> : IScopedBusContextProvider<TBus>, IDisposable
    where TBus : class, IBus
    where TDbContext : DbContext
{
    readonly OutboxStage<TDbContext>? stage;
    readonly OutboxLog<TDbContext> log;

    public OutboxBusContextProvider(
        TBus bus,
        OutboxStage<TDbContext> scopeStage,
        OutboxSettings<TDbContext> settings,
        OutboxLog<TDbContext> log,
        Bind<TBus, IClientFactory> clientFactory,
        Bind<TBus, IScopedConsumeContextProvider> busConsumeContext,
        IScopedConsumeContextProvider anyConsumeContext,
        IServiceProvider provider
    )
    {
        this.log = log;
        if (busConsumeContext.Value.HasContext)
        {
            Context = new ConsumeContextScopedBusContext(busConsumeContext.Value.GetContext(), clientFactory.Value);
            return;
        }

        stage = scopeStage;
        var consumeContext = anyConsumeContext.HasContext ? anyConsumeContext.GetContext() : null;
        Context = new OutboxBusContext<TBus, TDbContext>(
            bus,
            stage,
            settings,
            clientFactory.Value,
            provider,
            consumeContext
        );
    }

    public ScopedBusContext Context { get; }

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
}
