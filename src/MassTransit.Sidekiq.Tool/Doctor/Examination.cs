namespace MassTransit.Sidekiq;

// What the checks look at. Each thing is asked for once, whichever check asks first.
internal sealed class Examination(ToolRedis redis, DoctorOptions options, TimeProvider clock, CancellationToken token)
{
    const int MostClaims = 10_000;

    Task<SidekiqOverview>? overview;
    Task<SidekiqClaims>? claims;

    public ToolRedis Redis => redis;

    public ISidekiqInspector Inspector => Redis.Inspector;

    public DoctorOptions Options => options;

    public TimeProvider Clock => clock;

    public CancellationToken Token => token;

    public Task<SidekiqOverview> Overview() => overview ??= Inspector.Overview(Token);

    public Task<SidekiqClaims> Claims() => claims ??= Inspector.Claims(MostClaims, Token);

    // The queues that a process reads, by the Busy page and by the claims of living processes.
    public async Task<HashSet<string>> ReadQueues() =>
        (await Overview())
            .Processes.Where(process => !process.IsQuiet)
            .SelectMany(process => process.Queues)
            .Concat((await Claims()).Claims.Where(claim => claim.IsAlive).Select(claim => claim.Queue))
            .ToHashSet(StringComparer.Ordinal);
}

// What a user told the doctor.
internal sealed record DoctorOptions(TimeSpan MaxLatency, int DeadLimit, string? Outbox, OutboxProvider Provider);
