using System.Globalization;

namespace MassTransit;

/// <summary>How many lines of a failure's stack trace its job keeps: Sidekiq's <c>backtrace</c> option, a boolean or a number.</summary>
public readonly struct SidekiqBacktrace : IEquatable<SidekiqBacktrace>
{
    SidekiqBacktrace(int lines) => Lines = lines;

    /// <summary>No stack trace.</summary>
    public static SidekiqBacktrace None => default;

    /// <summary>Every line of the stack trace.</summary>
    public static SidekiqBacktrace All => new(int.MaxValue);

    /// <summary>How many lines, from the innermost outwards; <see cref="int.MaxValue"/> for all of them.</summary>
    public int Lines { get; }

    /// <summary>The first lines of the stack trace; none when the number is not positive.</summary>
    public static SidekiqBacktrace First(int lines) => new(Math.Max(0, lines));

    /// <summary>A number of lines.</summary>
    public static implicit operator SidekiqBacktrace(int lines) => First(lines);

    /// <summary>True is <see cref="All"/>, false is <see cref="None"/>.</summary>
    public static implicit operator SidekiqBacktrace(bool backtrace) => backtrace ? All : None;

    /// <summary>Whether both keep as many lines.</summary>
    public static bool operator ==(SidekiqBacktrace left, SidekiqBacktrace right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(SidekiqBacktrace left, SidekiqBacktrace right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SidekiqBacktrace other) => Lines == other.Lines;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SidekiqBacktrace other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Lines;

    /// <summary>The value as stored in a job: <c>true</c>, <c>false</c> or a number.</summary>
    public override string ToString() =>
        Lines switch
        {
            0 => "false",
            int.MaxValue => "true",
            _ => Lines.ToString(CultureInfo.InvariantCulture),
        };
}
