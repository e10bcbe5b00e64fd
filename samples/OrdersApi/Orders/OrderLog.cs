namespace OrdersApi;

static partial class OrderLog
{
    [LoggerMessage(1, LogLevel.Information, "Order {OrderId} of {Customer} submitted")]
    public static partial void Submitted(this ILogger logger, Guid orderId, string customer);

    [LoggerMessage(2, LogLevel.Information, "Order {OrderId} invoiced as {Invoice}")]
    public static partial void Invoiced(this ILogger logger, Guid orderId, string invoice);

    [LoggerMessage(3, LogLevel.Information, "Order {OrderId} paid and shipped")]
    public static partial void Shipped(this ILogger logger, Guid orderId);

    [LoggerMessage(4, LogLevel.Information, "Order {OrderId} not paid in time and cancelled")]
    public static partial void Cancelled(this ILogger logger, Guid orderId);

    [LoggerMessage(5, LogLevel.Information, "Order {OrderId} has its {Item} reserved (job {JobId})")]
    public static partial void Reserved(this ILogger logger, Guid orderId, string item, string? jobId);
}
