using System.Globalization;
using System.Runtime.InteropServices;

namespace MassTransit;

/// <summary>How often a failed job runs again: Sidekiq's <c>retry</c> option, a boolean or a number.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct SidekiqRetry : IEquatable<SidekiqRetry>
{
    readonly Kind kind;
    readonly int times;

    SidekiqRetry(Kind kind, int times = 0)
    {
        this.kind = kind;
        this.times = times;
    }

    enum Kind : byte
    {
        Absent,
        Never,
        Default,
        Times,
    }

    /// <summary>The job does not specify it; the worker that runs it decides.</summary>
    public static SidekiqRetry Absent => default;

    /// <summary>The job is dropped at its first failure: <c>retry: false</c>.</summary>
    public static SidekiqRetry Never => new(Kind.Never);

    /// <summary>The job is retried as often as its worker's default, 25 times in Sidekiq: <c>retry: true</c>.</summary>
    public static SidekiqRetry Default => new(Kind.Default);

    /// <summary>Whether the job does not specify it.</summary>
    public bool IsAbsent => kind == Kind.Absent;

    /// <summary>Whether the job is dropped at its first failure, without an entry in the dead set.</summary>
    public bool IsNever => kind == Kind.Never;

    /// <summary>The number of retries the job asks for, or null when it leaves the number to its worker.</summary>
    public int? Limit =>
        kind switch
        {
            Kind.Times => times,
            Kind.Never => 0,
            _ => null,
        };

    /// <summary>The job is retried this many times, so it runs at most <paramref name="times"/> + 1 times; 0 sends it to the dead set at its first failure.</summary>
    public static SidekiqRetry Times(int times) => new(Kind.Times, times);

    /// <summary>A number of retries.</summary>
    public static implicit operator SidekiqRetry(int times) => Times(times);

    /// <summary>True is <see cref="Default"/>, false is <see cref="Never"/>.</summary>
    public static implicit operator SidekiqRetry(bool retry) => retry ? Default : Never;

    /// <summary>Whether both are equal.</summary>
    public static bool operator ==(SidekiqRetry left, SidekiqRetry right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(SidekiqRetry left, SidekiqRetry right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SidekiqRetry other) => kind == other.kind && times == other.times;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SidekiqRetry other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(kind, times);

    /// <summary>The value as stored in a job: <c>true</c>, <c>false</c>, a number, or nothing.</summary>
    public override string ToString() =>
        kind switch
        {
            Kind.Absent => "",
            Kind.Never => "false",
            Kind.Default => "true",
            _ => times.ToString(CultureInfo.InvariantCulture),
        };
}
