namespace MassTransit.Sidekiq;

// How far this machine's clock is from Redis's, which all processes share: messages expire by Redis's clock, so that a
// process with a wrong clock does not drop them early. Measured after each wait for Redis and once a minute; logged once
// when it exceeds the tolerance, and once when it is back within it.
internal sealed class ClockSkew(RedisConnection redis)
{
    // A scheduled job is off by as much as the clocks differ.
    public static readonly TimeSpan Tolerable = TimeSpan.FromSeconds(5);

    long ticks;
    int isSaid;

    public bool IsPast(DateTimeOffset time) =>
        time <= redis.Clock.GetUtcNow() - TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    // How far this machine is ahead; null where Redis may not be asked for its time.
    public async Task<TimeSpan?> Measure()
    {
        var asked = redis.Clock.GetUtcNow();

        // Redis read its clock somewhere between the two.
        return await redis.ServerTime().ConfigureAwait(false) is { } time
            ? asked + ((redis.Clock.GetUtcNow() - asked) / 2) - time
            : null;
    }

    public async Task Look()
    {
        if (await Measure().ConfigureAwait(false) is not { } skew)
        {
            return;
        }

        Interlocked.Exchange(ref ticks, skew.Ticks);

        var isWrong = skew.Duration() > Tolerable ? 1 : 0;
        if (Interlocked.Exchange(ref isSaid, isWrong) == isWrong)
        {
            return;
        }

        if (isWrong == 1)
        {
            redis.Logger.ClockIsWrong(skew.Duration().TotalSeconds, Direction(skew), redis.Settings.Address);
        }
        else
        {
            redis.Logger.ClockIsRight(redis.Settings.Address);
        }
    }

    public static string Direction(TimeSpan skew) => skew > TimeSpan.Zero ? "ahead of" : "behind";
}
