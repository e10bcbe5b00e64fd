using MassTransit;
using OrdersApi;

var builder = WebApplication.CreateBuilder(args);

builder.AddSidekiq("redis"); // ConnectionStrings:redis, as Aspire sets it
builder
    .Services.AddOptions<OrdersOptions>()
    .BindConfiguration("Orders")
    .Validate(orders => orders.PaymentTimeout > TimeSpan.Zero, "Orders:PaymentTimeout must be above zero.")
    .Validate(orders => orders.RestockDelay > TimeSpan.Zero, "Orders:RestockDelay must be above zero.")
    .ValidateOnStart();

builder.Services.AddDbContext<OrdersDb>(
    (services, options) => OrdersDb.Configure(options, services.GetRequiredService<IConfiguration>())
);

builder.Services.AddMassTransit(x =>
{
    x.SetKebabCaseEndpointNameFormatter();
    x.AddConsumer<StockConsumer, StockConsumerDefinition>();
    x.AddSagaStateMachine<OrderStateMachine, OrderState, OrderStateDefinition>()
        .SidekiqOutboxRepository<OrderState, OrdersDb>();
    x.AddRequestClient<PayOrder>();

    x.AddSidekiqOutbox<OrdersDb>(outbox =>
    {
        // What a web request publishes is saved by its SaveChanges, and sent after the commit.
        outbox.UseBusOutbox();

        // What Redis loses before it is consumed is pushed again.
        outbox.KeepUntilCompleted();
    });

    x.UsingSidekiq((context, cfg) => cfg.ConfigureEndpoints(context));
});

builder.Services.AddOpenApi();
builder.Services.AddProblemDetails();

var app = builder.Build();

// A sample has no migrations; an application does (docs/outbox.md).
await using (var scope = app.Services.CreateAsyncScope())
{
    await scope.ServiceProvider.GetRequiredService<OrdersDb>().Database.EnsureCreatedAsync();
}

app.UseExceptionHandler(
    new ExceptionHandlerOptions
    {
        StatusCodeSelector = failure =>
            failure is RequestTimeoutException
                ? StatusCodes.Status504GatewayTimeout
                : StatusCodes.Status500InternalServerError,
    }
);
app.UseStatusCodePages();
app.UseSwaggerUI(page => page.SwaggerEndpoint("/openapi/v1.json", "Orders"));

app.MapOpenApi();
app.MapGet("/", () => Results.Redirect("/swagger")).ExcludeFromDescription();
app.MapHealthChecks("/health");
app.MapHealthChecks("/live", new() { Predicate = check => check.Tags.Contains("live") });
app.MapHealthChecks("/ready", new() { Predicate = check => check.Tags.Contains("ready") });

// Queues, retries, topics and processes, of Ruby too. Without a policy it answers only in Development, and only to this machine.
app.MapSidekiqDashboard();

app.MapOrders();
app.MapStock();

await app.RunAsync();
