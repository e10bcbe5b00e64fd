namespace MassTransit;

/// <summary>How the properties of a message are named in its job.</summary>
public enum SidekiqNaming
{
    /// <summary><c>OrderId</c> is <c>orderId</c>.</summary>
    CamelCase,

    /// <summary><c>OrderId</c> is <c>order_id</c>.</summary>
    SnakeCase,

    /// <summary><c>OrderId</c> stays <c>OrderId</c>.</summary>
    AsDeclared,
}
