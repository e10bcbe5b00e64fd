namespace MassTransit.Sidekiq;

internal sealed class DeadSetCheck() : DoctorCheck("dead set")
{
    const double NearlyFull = 0.8;

    public override async Task<Finding> Run(Examination examination)
    {
        var (dead, limit) = ((await examination.Overview()).Stats.Dead, examination.Options.DeadLimit);
        var fact = $"{Words.Number(dead)} of at most {Words.Number(limit)} dead jobs.";

        return dead > limit * NearlyFull
            ? Warning(
                fact,
                "At the limit the oldest are dropped for good. See dotnet sidekiq jobs dead, then retry or delete; DeadMaxJobs and Ruby's dead_max_jobs are the limit."
            )
            : Ok(fact);
    }
}
