namespace MassTransit.Sidekiq;

// A unique job on its way to Redis, and what it met there.
internal sealed class UniqueJob(TimeSpan life, SidekiqUniqueUntil until, SidekiqConflict onConflict, string digest)
{
    public SidekiqUniqueUntil Until => until;

    public SidekiqConflict OnConflict => onConflict;

    public string Digest => digest;

    // The copies that became no job, since another one is unique. Filled by the step that sends it.
    public IReadOnlyList<JobConflict> Conflicts { get; set; } = [];

    // Counted from when the job is due.
    public TimeSpan LifeFrom(DateTimeOffset now, DateTimeOffset? due) => due > now ? due.Value - now + life : life;

    // Null for a job that is not unique.
    public static UniqueJob? Of(UniqueOptions? unique, ReadOnlyMemory<byte> args, string? wrapped) =>
        unique is { IsOn: true }
            ? new UniqueJob(
                unique.For!.Value,
                unique.Until ?? SidekiqUniqueUntil.Success,
                unique.OnConflict ?? SidekiqConflict.Drop,
                unique.Digest ?? LockDigest.Of(args, wrapped)
            )
            : null;

    // Of a stored job. One that is not unique costs a search of its text, and is not read.
    public static UniqueJob? Of(ReadOnlyMemory<byte> rest, ReadOnlyMemory<byte> args) =>
        rest.Span.IndexOf("\"unique_for\":"u8) >= 0
        && JobSeconds.Read(JobJson.Find(rest, "unique_for").In(rest)) is { } life
            ? Of(UniqueOptions.Read(rest, life), args, UniqueOptions.Text(rest, "wrapped"))
            : null;
}
