namespace OrdersApi;

public sealed class OrdersOptions
{
    // How long an invoiced order waits for its payment before it is cancelled.
    public TimeSpan PaymentTimeout { get; set; } = TimeSpan.FromMinutes(30);

    // How long an order waits before it looks again for what was out of stock.
    public TimeSpan RestockDelay { get; set; } = TimeSpan.FromMinutes(5);
}
