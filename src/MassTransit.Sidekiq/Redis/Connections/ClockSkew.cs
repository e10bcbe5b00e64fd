namespace MassTransit.Sidekiq;

// How far the clock of this machine is from Redis', which all processes share: a message expires by Redis' clock, so that a
// process with a clock of its own drops nobody else's. Asked whenever Redis was waited for, and once a minute; said once
// when it is more than anybody should bear, and once when it is not any more.
internal sealed class ClockSkew(RedisConnection redis)
{
    // A scheduled job is as late as the clocks differ.
    public static readonly TimeSpan Tolerable = TimeSpan.FromSeconds(5);

    long ticks;
    int isSaid;

    public bool IsPast(DateTimeOffset time) =>
        time <= redis.Clock.GetUtcNow() - TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    public async Task Look()
    {
        var asked = redis.Clock.GetUtcNow();
        if (await redis.ServerTime().ConfigureAwait(false) is not { } time)
        {
            return;
        }

        // Redis read its clock somewhere between the two.
        var skew = asked + ((redis.Clock.GetUtcNow() - asked) / 2) - time;
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
