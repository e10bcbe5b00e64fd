namespace MassTransit.Sidekiq;

// How many jobs to claim beyond those that can start at once.
// A claimed job that waits here is one that another process could have run, so the rule is about time: claim ahead what
// the last claims show to be done within 4 ms, or within two round trips to a Redis that is farther away (one claim is
// worked on while the next is on its way), at most 200. Jobs of 20 µs are claimed a hundred at a time, which makes Redis'
// share of each small; jobs of 50 ms are claimed ahead only where workers would wait for the next claim. Beyond 200 ms it is
// the network's fault, or ours.
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

    // Ask Redis only when this many jobs can be taken at once, so that a claim is worth its round trip.
    public int Step => Math.Max(1, Ahead / 2);

    // How long the last claim took, from question to answer.
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

    // The jobs turned out slower than the last ones: what was claimed ahead has been put back.
    public void SlowDown() => (Ahead, perSecond, done, sampleStart) = (0, 0, 0, clock.GetTimestamp());
}
