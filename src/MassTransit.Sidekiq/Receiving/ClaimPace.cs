namespace MassTransit.Sidekiq;

// How many jobs to claim beyond those that can start at once.
// Another process could have run a job that waits here, so the limit is a time: claim ahead as many jobs as finish within 4 ms
// at the recent throughput, or within two round trips if Redis is farther away (one claim is processed while the next is under
// way), at most 200. Jobs of 20 µs are claimed a hundred at a time, which keeps Redis's share of each small; jobs of 50 ms are
// claimed ahead only if workers would wait for the next claim. Two round trips count as 200 ms at most: beyond that, the network
// or this process is at fault.
internal sealed class ClaimPace(TimeProvider clock)
{
    const int MostAhead = 200;

    static readonly TimeSpan shortestHorizon = TimeSpan.FromMilliseconds(4);
    static readonly TimeSpan longestHorizon = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan sample = TimeSpan.FromMilliseconds(2);

    long sampleStart = clock.GetTimestamp();
    int done;
    double perSecond;
    TimeSpan roundTrip;

    public int Ahead { get; private set; }

    // Claim only when this many jobs can be taken at once, so that a claim is worth its round trip.
    public int Step => Math.Max(1, Ahead / 2);

    // `time`: the round trip of the last claim.
    public void Answered(TimeSpan time) => roundTrip = roundTrip == TimeSpan.Zero ? time : ((roundTrip * 7) + time) / 8;

    public void Finished(int jobs)
    {
        done += jobs;
        var elapsed = clock.GetElapsedTime(sampleStart);
        if (elapsed < sample)
        {
            return;
        }

        var latest = done / elapsed.TotalSeconds;
        perSecond = perSecond == 0 ? latest : ((perSecond * 3) + latest) / 4;
        var horizon = Math.Clamp(2 * roundTrip.Ticks, shortestHorizon.Ticks, longestHorizon.Ticks);
        Ahead = (int)Math.Min(MostAhead, perSecond * TimeSpan.FromTicks(horizon).TotalSeconds);
        (sampleStart, done) = (clock.GetTimestamp(), 0);
    }

    // The jobs are slower than the previous ones: those claimed ahead have been returned to their queues.
    public void SlowDown() => (Ahead, perSecond, done, sampleStart) = (0, 0, 0, clock.GetTimestamp());
}
