namespace MassTransit.Sidekiq;

/// The periodic jobs that the code of this application declares.
internal sealed class PeriodicDeclarations(SidekiqHostConfiguration host) : ISpecification
{
    readonly List<PeriodicDeclaration> declared = [];

    /// Whose they are, among all applications on this Redis.
    string Owner => host.Settings.Application + (host.BusName is null ? "" : "." + host.BusName);

    public bool Any => declared.Count > 0;

    public void Add(PeriodicDeclaration declaration) => declared.Add(declaration);

    /// One step. The process that started last decides: it replaces what another version of the application declared, and
    /// drops what it has no more. `ifMissing`: this process did so before, and Redis may have come back empty since.
    public async Task Declare(IBus bus, PeriodicStore store, bool ifMissing)
    {
        if (ifMissing && (declared.Count == 0 || await store.Find(Id(declared[0])).ConfigureAwait(false) is not null))
        {
            return;
        }

        var jobs = new List<(PeriodicJob, DateTimeOffset)>(declared.Count);
        foreach (var declaration in declared)
        {
            var (target, json) = await declaration.Describe(bus).ConfigureAwait(false);
            var job = new PeriodicJob
            {
                Id = Id(declaration),
                Cron = declaration.Cron,
                TimeZone = declaration.TimeZone,
                CatchUp = declaration.CatchUp,
                Owner = Owner,
                Target = target,
                Job = json,
            };

            if (job.Next(host.Clock.GetUtcNow()) is { } due)
            {
                jobs.Add((job, due));
            }
        }

        var dropped = await store.Register(Owner, jobs).ConfigureAwait(false);
        if (dropped > 0)
        {
            LogContext.Info?.Log("Dropped {Count} periodic jobs that {Owner} declares no more", dropped, Owner);
        }
    }

    public IEnumerable<ValidationResult> Validate()
    {
        foreach (
            var name in declared.GroupBy(job => job.Name, StringComparer.Ordinal).Where(group => group.Count() > 1)
        )
        {
            yield return this.Failure(
                "Periodic",
                $"The name '{name.Key}' is given to {name.Count()} periodic jobs. Each needs its own."
            );
        }

        foreach (var declaration in declared)
        {
            if (declaration.Fault() is { } fault)
            {
                yield return this.Failure("Periodic", $"Periodic job '{declaration.Name}': {fault}");
            }
        }
    }

    string Id(PeriodicDeclaration declaration) => $"{Owner}:{declaration.Name}";
}

/// One of them. What it describes is made when the bus runs, so that it passes through everything a send does.
internal sealed class PeriodicDeclaration(
    string name,
    string cron,
    string timeZone,
    Func<PeriodicDeclaration, IBus, Task<(PeriodicTarget Target, ReadOnlyMemory<byte> Job)>> describe
) : ISidekiqPeriodicConfigurator
{
    public string Name { get; } = name;

    public string Cron { get; } = cron;

    public string TimeZone { get; } = timeZone;

    public TimeSpan CatchUp { get; private set; } = TimeSpan.FromHours(1);

    public string? QueueName { get; private set; }

    public SidekiqRetry RetryOption { get; private set; }

    public Task<(PeriodicTarget Target, ReadOnlyMemory<byte> Job)> Describe(IBus bus) => describe(this, bus);

    public ISidekiqPeriodicConfigurator Queue(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        QueueName = queue;
        return this;
    }

    ISidekiqPeriodicConfigurator ISidekiqPeriodicConfigurator.CatchUp(TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero);
        CatchUp = window;
        return this;
    }

    public ISidekiqPeriodicConfigurator Retry(SidekiqRetry retry)
    {
        RetryOption = retry;
        return this;
    }

    /// What is wrong with it, or null.
    public string? Fault()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            return "It has no name. Give it one by which it is known in Redis and in the log.";
        }

        if (QueueName is { } queue && MassTransit.Sidekiq.QueueName.Fault(queue, "Name another queue.") is { } fault)
        {
            return fault;
        }

        try
        {
            return CronSchedule.Parse(Cron, TimeZone).Next(DateTimeOffset.UnixEpoch.AddYears(50)) is null
                ? $"'{Cron}' names a day that never comes."
                : null;
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }
}
