/// <summary>A message type without a namespace, which MassTransit does not accept.</summary>
#pragma warning disable CA1050, MA0047 // That it has none is what it is for
public sealed record Homeless(int Id);
#pragma warning restore CA1050, MA0047
