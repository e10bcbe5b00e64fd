namespace MassTransit.Sidekiq;

// Jobs that dead processes still hold.
internal sealed class OrphanCheck() : DoctorCheck("orphans")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var claims = (await examination.Claims()).Claims;
        var orphans = claims.Where(claim => !claim.IsAlive).ToList();
        var jobs = orphans.Sum(claim => claim.Jobs);
        if (orphans.Count == 0)
        {
            return Ok("No dead process holds jobs.");
        }

        var dead = orphans.Select(claim => claim.Identity).Distinct(StringComparer.Ordinal).Count();
        var queues = orphans.Select(claim => claim.Queue).Distinct(StringComparer.Ordinal).ToList();
        var fact =
            $"{Words.Count(dead, "process", "processes")} died holding {Words.Count(jobs, "job")} of {Words.List(queues)}.";
        return !claims.Any(claim => claim.IsAlive)
            ? Error(
                fact,
                "Start a process of .NET with an endpoint: it returns them to their queues within seconds. Ruby does not."
            )
            : Warning(fact, "A living process returns them within seconds: look again. If they stay, see its log.");
    }
}
