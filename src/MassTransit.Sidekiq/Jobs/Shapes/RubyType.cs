namespace MassTransit;

/// <summary>
/// What a value becomes for Rails, in the arguments of an ActiveJob (<see cref="SidekiqArgs.ActiveJob" /> and
/// <see cref="SidekiqArgs.ActiveJobPositional" />). Elsewhere it has no effect: plain Sidekiq knows only JSON.
/// </summary>
public enum RubyType
{
    /// <summary>JSON as it is: a String, Integer, Float, true, false, nil, Array or Hash with String keys.</summary>
    Plain,

    /// <summary>A Symbol, from a string. Rails 6.0.</summary>
    Symbol,

    /// <summary>A Date. The default of <see cref="DateOnly" />. Rails 6.0.</summary>
    Date,

    /// <summary>A Time. The default of <see cref="System.DateTime" /> and <see cref="DateTimeOffset" />. Rails 6.0.</summary>
    Time,

    /// <summary>Ruby's DateTime. Rails 6.0.</summary>
    DateTime,

    /// <summary>A TimeWithZone, in the time zone of the Rails application. Rails 6.0.</summary>
    TimeWithZone,

    /// <summary>An ActiveSupport::Duration in seconds. The default of <see cref="TimeSpan" />. Rails 6.0.</summary>
    Duration,

    /// <summary>A BigDecimal, from a number or a string: all digits of a <see cref="decimal" /> arrive. Rails 7.1.</summary>
    BigDecimal,

    /// <summary>A class or module, from its name in a string. Rails 6.1.</summary>
    Module,

    /// <summary>The record that a GlobalID in a string names, such as <c>gid://shop/User/42</c>. Rails loads it when the job runs.</summary>
    GlobalId,

    /// <summary>A Range. The default of <see cref="RubyRange{T}" />. Rails 7.1.</summary>
    Range,
}

/// <summary>
/// What a property becomes in the arguments of an ActiveJob, where its .NET type does not tell. On a list or a dictionary it counts for
/// each value.
/// </summary>
/// <param name="type">The Ruby type. <see cref="RubyType.Plain" /> passes a time or a duration as the string in the message's JSON.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class RubyTypeAttribute(RubyType type) : Attribute
{
    /// <summary>The Ruby type.</summary>
    public RubyType Type { get; } = type;
}
