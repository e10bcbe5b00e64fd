namespace MassTransit.Sidekiq;

// The periodic jobs that the code of this application declares.
internal sealed class PeriodicDeclarations(BusRuntime runtime) : ISpecification
{
    readonly List<PeriodicDeclaration> declared = [];

    // The owner of these jobs among all applications on this Redis.
    string Owner =>
        runtime.Settings.Application + (runtime.Settings.BusName is null ? "" : "." + runtime.Settings.BusName);

    public bool Any => declared.Count > 0;

    public void Add(PeriodicDeclaration declaration) => declared.Add(declaration);

    // One atomic step. The process that started last decides: it replaces the declarations of another version of the
    // application, and drops the jobs that it no longer declares. `ifMissing`: this process has declared them before, and Redis
    // may have lost them since.
    public async Task Declare(IBus bus, PeriodicStore store, bool ifMissing)
    {
        if (ifMissing && (declared.Count == 0 || await store.Find(Id(declared[0])).ConfigureAwait(false) is not null))
        {
            return;
        }

        var jobs = new List<(string, byte[], DateTimeOffset)>(declared.Count);
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

            if (job.Next(runtime.Clock.GetUtcNow()) is { } due)
            {
                jobs.Add((job.Id, job.Write(), due));
            }
        }

        var dropped = await store.Register(Owner, jobs).ConfigureAwait(false);
        if (dropped > 0)
        {
            LogContext.Info?.Log("Dropped {Count} periodic jobs that {Owner} no longer declares", dropped, Owner);
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
                $"The name '{name.Key}' is used by {name.Count()} periodic jobs. Each needs its own."
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
