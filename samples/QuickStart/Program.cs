using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Shop;

var app = Host.CreateApplicationBuilder(args);
app.Services.AddOptions<SidekiqTransportOptions>().BindConfiguration("Sidekiq"); // Sidekiq__Url=redis://localhost:6379/0
app.Services.AddSidekiqEmbeddedServer(); // where none is configured: a server in this process
app.Services.AddMassTransit(x =>
{
    x.AddConsumer<PaymentConsumer>().Endpoint(e => e.Name = "payments"); // its queue
    x.UsingSidekiq((context, cfg) => cfg.ConfigureEndpoints(context));
});
var host = app.Build();
await host.StartAsync();
await host.Services.GetRequiredService<IBus>().Publish(new OrderPaid(1, 9.95m));
await host.WaitForShutdownAsync();

namespace Shop
{
    public sealed record OrderPaid(int OrderId, decimal Total); // Ruby enqueues it: class Shop::OrderPaid, one hash

    [SidekiqJob("Mail::ReceiptWorker", Args = SidekiqArgs.Positional)]
    public sealed record SendReceipt(int OrderId); // Ruby works on it: def perform(order_id)

    public sealed class PaymentConsumer : IConsumer<OrderPaid>
    {
        public Task Consume(ConsumeContext<OrderPaid> context)
        {
            Console.WriteLine($"Order {context.Message.OrderId} is paid");
            return context.Send(new Uri("queue:mail"), new SendReceipt(context.Message.OrderId));
        }
    }
}
