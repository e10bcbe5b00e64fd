namespace MassTransit;

/// <summary>The position of a property among a job's arguments, where the constructor's order does not give it.</summary>
/// <param name="position">The index in <c>args</c>, counted from 0.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class SidekiqArgAttribute(int position) : Attribute
{
    /// <summary>The index in <c>args</c>, counted from 0.</summary>
    public int Position { get; } = position;
}
