using MassTransit;
using OrdersApi;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddOptions<SidekiqTransportOptions>().BindConfiguration("Sidekiq");
builder.Services.AddOptions<OrdersOptions>().BindConfiguration("Orders");

builder.Services.AddMassTransit(x =>
{
    x.SetKebabCaseEndpointNameFormatter();
    x.AddConsumer<StockConsumer, StockConsumerDefinition>();

    // In memory: the orders are gone when the process ends.
    x.AddSagaStateMachine<OrderStateMachine, OrderState, OrderStateDefinition>().InMemoryRepository();
    x.AddRequestClient<GetOrder>();

    x.UsingSidekiq((context, cfg) => cfg.ConfigureEndpoints(context));
});

var app = builder.Build();

app.MapOrders();
app.MapHealthChecks("/health");

await app.RunAsync();
