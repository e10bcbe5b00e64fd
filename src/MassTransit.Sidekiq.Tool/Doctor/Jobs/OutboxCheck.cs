namespace MassTransit.Sidekiq;

internal sealed class OutboxCheck() : DoctorCheck("outbox")
{
    // The outbox's own default of HealthyAge.
    static readonly TimeSpan healthyAge = TimeSpan.FromSeconds(30);

    public override async Task<Finding> Run(Examination examination)
    {
        var state = await OutboxDatabaseReader.Read(
            examination.Options.Provider,
            examination.Options.Outbox!,
            examination.Clock,
            examination.Token
        );
        var missing = state.Tables.Where(table => !table.Exists).Select(table => table.Name).ToList();
        if (missing.Count > 0)
        {
            return Error(
                missing.Count == state.Tables.Count
                    ? "This database has no table of an outbox."
                    : $"Tables of the outbox are missing: {string.Join(", ", missing)}.",
                "Add the migration of the outbox and run it, as docs/outbox.md says; or name the right database with --outbox."
            );
        }

        var unindexed = state.Tables.Where(table => table.MissingIndexes.Count > 0).ToList();
        if (unindexed.Count > 0)
        {
            return Warning(
                $"Indexes of the outbox are missing: {string.Join("; ", unindexed.Select(table => $"{table.Name} ({string.Join(", ", table.MissingIndexes)})"))}.",
                "Create them as the SQL files of the package do: without them each round reads the whole table."
            );
        }

        var age = TimeSpan.FromSeconds(state.OldestSeconds ?? 0);
        var fact =
            $"{Words.Count(state.Pending ?? 0, "message")} pending, the oldest for {Words.Span(age)}; {Words.Number(state.SetAside ?? 0)} set aside; {Words.Number(state.Dead ?? 0)} kept jobs dead.";

        return age > healthyAge
                ? Error(
                    fact,
                    "No process drains it: is one running with UseBusOutbox or the relay, on this database and this Redis? See its log for event 5020 or 5022."
                )
            : state.SetAside > 0
                ? Warning(
                    fact,
                    "Look at OutboxFault for the reason, fix it, and release them: IOutboxInspector.Release."
                )
            : Ok(fact);
    }
}
