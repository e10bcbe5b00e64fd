using MassTransit;

namespace OrdersApi;

public sealed class OrderState : SagaStateMachineInstance
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "";

    public string Customer { get; set; } = "";

    public decimal Total { get; set; }

    public string? Invoice { get; set; }

    public Guid? PaymentTimeoutToken { get; set; }
}

/// The queue `order-state`, to which Ruby pushes as well.
public sealed class OrderStateDefinition : SagaDefinition<OrderState>
{
    public OrderStateDefinition() => ConcurrentMessageLimit = 8;

    protected override void ConfigureSaga(
        IReceiveEndpointConfigurator endpointConfigurator,
        ISagaConfigurator<OrderState> sagaConfigurator,
        IRegistrationContext context
    ) => endpointConfigurator.UseInMemoryOutbox(context); // What the saga sends leaves when its state is saved
}
