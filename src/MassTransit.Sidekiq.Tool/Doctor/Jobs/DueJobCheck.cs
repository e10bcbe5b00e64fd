namespace MassTransit.Sidekiq;

// Due jobs are moved to their queues by any process, within seconds.
internal sealed class DueJobCheck() : DoctorCheck("due jobs")
{
    static readonly TimeSpan late = TimeSpan.FromMinutes(1);

    public override async Task<Finding> Run(Examination examination)
    {
        var before = examination.Redis.Now - late;
        var (retries, scheduled) = (
            await examination.Inspector.RetrySet.Count(before, examination.Token),
            await examination.Inspector.ScheduledSet.Count(before, examination.Token)
        );
        return retries + scheduled > 0
            ? Error(
                $"Due for longer than {Words.Span(late)} and not moved: {Words.Count(retries, "retry", "retries")}, {Words.Count(scheduled, "scheduled job")}.",
                "No process moves them: start one. Jobs that Ruby pushed for its own queues wait for a process of Ruby, unless MovesRubyJobs is set."
            )
            : Ok("No due job has stayed in its set.");
    }
}
