namespace OrdersApi;

public sealed class OrdersOptions
{
    /// How long an invoiced order waits for its payment before it is cancelled.
    public TimeSpan PaymentTimeout { get; set; } = TimeSpan.FromMinutes(30);
}
