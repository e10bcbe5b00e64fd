using MassTransit;

namespace OrdersApi;

public sealed class OrderState : SagaStateMachineInstance, ISagaVersion
{
    public Guid CorrelationId { get; set; }

    public int Version { get; set; }

    public string CurrentState { get; set; } = "";

    public string Customer { get; set; } = "";

    public string? Invoice { get; set; }

    public Guid? PaymentTimeoutToken { get; set; }
}

// The queue `order-state`, to which Ruby pushes as well.
public sealed class OrderStateDefinition : SagaDefinition<OrderState>
{
    public OrderStateDefinition() => ConcurrentMessageLimit = 8;

    protected override void ConfigureSaga(
        IReceiveEndpointConfigurator endpointConfigurator,
        ISagaConfigurator<OrderState> sagaConfigurator,
        IRegistrationContext context
    )
    {
        endpointConfigurator.UseMessageRetry(retry => retry.Intervals(50, 200, 1000));

        // The state and what the saga sends are one transaction, so a repeated message has exactly-once effects.
        endpointConfigurator.UseSidekiqOutbox<OrdersDb>(context);
    }
}
