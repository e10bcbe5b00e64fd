namespace MassTransit.Sidekiq;

// How many processes share one Redis, Ruby's included, as far as the last beat of this one tells. What every process asks of Redis
// and one could ask for all, each asks the more seldom, the more of them there are: together they ask as often, and Redis is not
// busier with a thousand than with ten. As in Sidekiq, the times are random, so that they do not all ask at once.
internal sealed class Fleet(Random random)
{
    static readonly TimeSpan longest = TimeSpan.FromSeconds(5);

    volatile int processes = 1;

    public int Processes
    {
        get => processes;
        set => processes = Math.Max(1, value);
    }

    // How long until this process asks again, so that one of them asks in every `apart` on average: `alone` while they are few,
    // about five seconds at most.
    public TimeSpan Pause(TimeSpan alone, TimeSpan apart)
    {
        var share = Share(processes, apart);
        return share <= alone ? alone : share * (0.75 + (random.NextDouble() / 2));
    }

    // The shortest pause, when there is always a reason to ask. Nothing for a process that is alone.
    public TimeSpan Least(TimeSpan apart) => Share(processes - 1, apart);

    static TimeSpan Share(int count, TimeSpan apart) =>
        TimeSpan.FromTicks(Math.Min(count * apart.Ticks, longest.Ticks));
}
