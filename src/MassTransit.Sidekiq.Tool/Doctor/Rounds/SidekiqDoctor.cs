namespace MassTransit.Sidekiq;

// Runs the checks, one after another: those of the server, then those of the jobs. Where Redis does not answer, the others tell nothing.
internal static class SidekiqDoctor
{
    static readonly DoctorCheck reachable = new RedisCheck();

    static readonly DoctorCheck[] checks =
    [
        new VersionCheck(),
        new RoleCheck(),
        new RightsCheck(),
        new MemoryCheck(),
        new PersistenceCheck(),
        new ClockCheck(),
        new DatabaseCheck(),
        new OrphanCheck(),
        new QueueCheck(),
        new SubscriptionCheck(),
        new LatencyCheck(),
        new DueJobCheck(),
        new UnknownClassCheck(),
        new DeadSetCheck(),
    ];

    static readonly DoctorCheck outbox = new OutboxCheck();

    // The names of all of them, in their order; docs/tool.md has them.
    public static IEnumerable<string> Names => [reachable.Name, .. checks.Select(check => check.Name), outbox.Name];

    public static async Task<IReadOnlyList<Finding>> Examine(Examination examination)
    {
        var findings = new List<Finding> { await Run(reachable, examination) };
        if (findings[0].Verdict != Verdict.Error)
        {
            foreach (var check in checks)
            {
                findings.Add(await Run(check, examination));
            }
        }

        if (examination.Options.Outbox is not null)
        {
            findings.Add(await Run(outbox, examination));
        }

        return findings;
    }

    // A refusal concerns one check: the others go on.
    static async Task<Finding> Run(DoctorCheck check, Examination examination)
    {
        try
        {
            return await check.Run(examination);
        }
        catch (SidekiqRedisException refused) when (RedisErrors.IsNoPermission(refused.InnerException))
        {
            return Finding.Warning(
                check.Name,
                $"Not examined: {RedisErrors.Cause(refused)}",
                "See the check of the rights, or run the doctor as a user who may."
            );
        }
        catch (Exception fault) when (fault is SidekiqRedisException or ConnectionException or ToolFault)
        {
            return Finding.Error(
                check.Name,
                fault.Message,
                fault.InnerException is { } inner && inner.Message != fault.Message
                    ? $"The cause: {inner.Message}"
                    : "Fix the reason given, and run the doctor again."
            );
        }
    }
}
