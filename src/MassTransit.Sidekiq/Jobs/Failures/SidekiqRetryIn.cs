using System.Runtime.InteropServices;

namespace MassTransit;

/// <summary>How long a failed job waits, or that it is dropped or dead: the result of Sidekiq's <c>sidekiq_retry_in</c>.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct SidekiqRetryIn : IEquatable<SidekiqRetryIn>
{
    SidekiqRetryIn(Verdict kind, TimeSpan? delay = null)
    {
        Kind = kind;
        Delay = delay;
    }

    internal enum Verdict : byte
    {
        Default,
        After,
        Discard,
        Kill,
    }

    /// <summary>Sidekiq's own exponential backoff: 15 seconds, 16, 31, 96, … up to days.</summary>
    public static SidekiqRetryIn Default => default;

    /// <summary>The job is dropped, without an entry in the dead set.</summary>
    public static SidekiqRetryIn Discard => new(Verdict.Discard);

    /// <summary>The job goes to the dead set at once, however many retries it has left.</summary>
    public static SidekiqRetryIn Kill => new(Verdict.Kill);

    internal Verdict Kind { get; }

    internal TimeSpan? Delay { get; }

    /// <summary>
    /// After this time plus jitter of up to ten seconds for each earlier failure, which spreads jobs that failed together.
    /// As in Sidekiq, a delay that is not positive means <see cref="Default"/>.
    /// </summary>
    public static SidekiqRetryIn After(TimeSpan delay) => delay > TimeSpan.Zero ? new(Verdict.After, delay) : default;

    /// <summary>The same as <see cref="After"/>.</summary>
    public static implicit operator SidekiqRetryIn(TimeSpan delay) => After(delay);

    /// <summary>Whether both are equal.</summary>
    public static bool operator ==(SidekiqRetryIn left, SidekiqRetryIn right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(SidekiqRetryIn left, SidekiqRetryIn right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SidekiqRetryIn other) => Kind == other.Kind && Delay == other.Delay;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SidekiqRetryIn other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Delay);

    /// <summary>The verdict as a word, or the delay.</summary>
    public override string ToString() => Delay is { } delay ? $"after {delay}" : Kind.ToString();
}
