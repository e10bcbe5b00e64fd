/// <summary>A message type that stands in no namespace, which MassTransit does not take.</summary>
#pragma warning disable CA1050, MA0047 // That it has none is what it is for
public sealed record Homeless(int Id);
#pragma warning restore CA1050, MA0047
