namespace MassTransit;

/// <summary>How the times inside a job are written. Both forms are always read.</summary>
public enum SidekiqTimeFormat
{
    /// <summary>Seconds with a decimal point, as Sidekiq up to 7 writes them and every version reads them.</summary>
    FloatSeconds,

    /// <summary>Whole milliseconds, as Sidekiq 8 writes them. Sidekiq 7 and older show such jobs with a wrong age.</summary>
    IntegerMilliseconds,
}
