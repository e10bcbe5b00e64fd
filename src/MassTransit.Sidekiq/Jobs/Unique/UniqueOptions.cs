namespace MassTransit.Sidekiq;

// What makes a job unique. Part of its options; an absent value is left to the next level.
internal sealed record UniqueOptions
{
    public static readonly string[] Keys =
    [
        "unique_for",
        "unique_until",
        "unique_conflict",
        "unique_digest",
        "unique_queue",
    ];

    // Zero for a job that is not unique although its contract says so: Ruby's false.
    public TimeSpan? For { get; init; }

    public SidekiqUniqueUntil? Until { get; init; }

    public SidekiqConflict? OnConflict { get; init; }

    // Of what the lock covers. Written once, when the message is there: later only the job is.
    public string? Digest { get; init; }

    public bool IsOn => For > TimeSpan.Zero;

    public static UniqueOptions? Over(UniqueOptions? upper, UniqueOptions? lower) =>
        upper is null || lower is null
            ? upper ?? lower
            : new UniqueOptions
            {
                For = upper.For ?? lower.For,
                Until = upper.Until ?? lower.Until,
                OnConflict = upper.OnConflict ?? lower.OnConflict,
                Digest = upper.Digest ?? lower.Digest,
            };

    // Those of a job that has `unique_for`.
    public static UniqueOptions Read(ReadOnlyMemory<byte> job, TimeSpan life) =>
        new()
        {
            For = life,
            Until = ReadUntil(job) is not SidekiqUniqueUntil.Success and var until ? until : null,
            OnConflict = Text(job, "unique_conflict") switch
            {
                "throw" => SidekiqConflict.Throw,
                "replace" => SidekiqConflict.Replace,
                _ => null,
            },
            Digest = Text(job, "unique_digest"),
        };

    public static SidekiqUniqueUntil ReadUntil(ReadOnlyMemory<byte> job) =>
        Text(job, "unique_until") switch
        {
            "start" => SidekiqUniqueUntil.Start,
            "expiry" => SidekiqUniqueUntil.Expiry,
            _ => SidekiqUniqueUntil.Success,
        };

    public static string? Text(ReadOnlyMemory<byte> job, string key) => JobSlice.Text(JobJson.Find(job, key).In(job));

    public void WriteMembers(JobText text)
    {
        if (!IsOn)
        {
            return;
        }

        text.Raw(",\"unique_for\":"u8);
        text.Number((long)Math.Ceiling(For!.Value.TotalSeconds));
        text.Raw(
            Until switch
            {
                null => ""u8,
                SidekiqUniqueUntil.Start => ",\"unique_until\":\"start\""u8,
                SidekiqUniqueUntil.Expiry => ",\"unique_until\":\"expiry\""u8,
                _ => ",\"unique_until\":\"success\""u8,
            }
        );
        text.Raw(
            OnConflict switch
            {
                SidekiqConflict.Throw => ",\"unique_conflict\":\"throw\""u8,
                SidekiqConflict.Replace => ",\"unique_conflict\":\"replace\""u8,
                _ => ""u8,
            }
        );
        if (Digest is not null)
        {
            text.Raw(",\"unique_digest\":"u8);
            text.String(Digest);
        }
    }

    public IEnumerable<string> Faults(string message)
    {
        if (For is { } life && life != TimeSpan.Zero && (life < TimeSpan.FromSeconds(1) || life > JobSeconds.Longest))
        {
            yield return $"UniqueFor of {message} is {life.TotalSeconds} seconds. Set it from 1 to {JobSeconds.Longest.TotalSeconds:0} seconds, or to 0 for a job that is not unique.";
        }
    }
}
