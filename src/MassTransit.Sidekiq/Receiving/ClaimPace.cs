namespace MassTransit.Sidekiq;

// How many jobs to claim beyond those that can start at once.
// Another process could have run a job that waits here, so the limit is a time: claim ahead as many jobs as the workers finish within
// 4 ms, or within two round trips if Redis is farther away (one claim is processed while the next is under way), at most 1000.
// Jobs of 20 µs are claimed a hundred at a time, which keeps Redis's share of each small; jobs of 50 ms are claimed ahead only if
// workers would wait for the next claim. Two round trips count as 200 ms at most: beyond that, the network or this process is at
// fault.
// The pace is that of workers that always have a job. Counted by the clock, those that wait for a distant Redis would be taken for
// slow, and would get no more than they had.
internal sealed class ClaimPace(int workers, WorkDone work, TimeProvider clock)
{
    const int MostAhead = 1000;

    // Within 4 ms that makes 200, which are enough to keep Redis's share small.
    const double Fastest = 50_000;

    // Round trips differ, and so do jobs: a tenth more than two.
    const double RoundTrips = 2.2;

    static readonly TimeSpan shortestHorizon = TimeSpan.FromMilliseconds(4);
    static readonly TimeSpan longestHorizon = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan sample = TimeSpan.FromMilliseconds(2);

    // The last two to four jobs of each worker.
    readonly long memory = 4L * workers;

    long sampledAt = clock.GetTimestamp();
    (long Jobs, TimeSpan Spent) known;
    (double Jobs, TimeSpan Spent) recent;
    TimeSpan roundTrip;

    public int Ahead { get; private set; }

    // How long a job that is claimed ahead waits for a worker, as far as the pace is right.
    public TimeSpan Horizon
    {
        get
        {
            var roundTrips = roundTrip * RoundTrips;
            return roundTrips < shortestHorizon ? shortestHorizon
                : roundTrips > longestHorizon ? longestHorizon
                : roundTrips;
        }
    }

    // Claim only when this many jobs can be taken at once, so that a claim is worth its cost: what ends within 2 ms.
    public int Step { get; private set; } = 1;

    // `time`: the round trip of the last claim.
    public void Answered(TimeSpan time) => roundTrip = roundTrip == TimeSpan.Zero ? time : ((roundTrip * 7) + time) / 8;

    // Looks at what the workers have done since the last time.
    public void Sample()
    {
        if (clock.GetElapsedTime(sampledAt) < sample)
        {
            return;
        }

        var (jobs, spent) = (work.Jobs, work.Spent);
        recent = (recent.Jobs + jobs - known.Jobs, recent.Spent + spent - known.Spent);
        (known, sampledAt) = ((jobs, spent), clock.GetTimestamp());
        if (recent.Spent > TimeSpan.Zero)
        {
            Set(Math.Min(Fastest, workers * recent.Jobs / recent.Spent.TotalSeconds));
        }

        if (recent.Jobs > memory)
        {
            recent = (recent.Jobs / 2, recent.Spent / 2);
        }
    }

    // The jobs are slower than the previous ones: those claimed ahead have been returned to their queues.
    public void SlowDown()
    {
        (known, recent, sampledAt) = ((work.Jobs, work.Spent), default, clock.GetTimestamp());
        Set(0);
    }

    void Set(double perSecond)
    {
        Ahead = (int)Math.Min(MostAhead, perSecond * Horizon.Ticks / TimeSpan.TicksPerSecond);
        Step = Math.Max(1, (int)(perSecond * sample.TotalSeconds));
    }
}
