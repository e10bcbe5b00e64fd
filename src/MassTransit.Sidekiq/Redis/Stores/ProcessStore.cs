using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// How a process describes itself at one instant, in Sidekiq's terms.
internal sealed record ProcessBeat
{
    // What does not change while it runs, as JSON.
    public required ReadOnlyMemory<byte> Info { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required int Concurrency { get; init; }

    public required int Busy { get; init; }

    public required bool IsQuiet { get; init; }

    public required TimeSpan RoundTrip { get; init; }

    // Its resident memory.
    public required long ResidentBytes { get; init; }

    // The jobs it runs, each with the name of its thread.
    public required IReadOnlyList<(string Thread, byte[] Json)> Work { get; init; }
}

// `Signal`: TSTP, TERM or TTIN, when one waits for this process. `Processes`: how many are registered, this one included.
internal readonly record struct BeatAnswer(string? Signal, int Processes);

// Sidekiq's registry of processes: what the Busy page shows, and the way its buttons reach us.
internal sealed class ProcessStore(RedisConnection redis, RedisKeys keys)
{
    // As Sidekiq's: a process that has not beaten for a minute disappears from the page.
    const int LifeSeconds = 60;

    readonly RedisLink link = redis.Working;
    bool hadWork;

    // The beat also reports whether Redis takes additions (see `WriteRefusals`).
    public async Task<BeatAnswer> Beat(ProcessBeat beat)
    {
        RedisValue[] description =
        [
            "info",
            JobValue.Of(beat.Info),
            "concurrency",
            beat.Concurrency,
            "busy",
            beat.Busy,
            "beat",
            Score.From(beat.Time),
            "rtt_us",
            ((long)beat.RoundTrip.TotalMicroseconds).ToString(CultureInfo.InvariantCulture),
            "quiet",
            beat.IsQuiet ? "true" : "false",
            "rss",
            beat.ResidentBytes / 1024,
        ];
        RedisValue[] arguments = [keys.Identity, LifeSeconds, hadWork ? 1 : 0, description.Length, .. description];
        hadWork = beat.Work.Count > 0;

        var reply = (RedisResult[])
            (
                await link.Run(
                        Script.Beat,
                        [keys.Processes, keys.Process, keys.Work, keys.Workers, keys.Signals],
                        [.. arguments, .. beat.Work.SelectMany(work => new RedisValue[] { work.Thread, work.Json })]
                    )
                    .ConfigureAwait(false)
            )!;
        redis.Refusals.Tried((string)reply[1]!);

        return new BeatAnswer((string?)reply[0], (int)reply[2]);
    }

    // Removes this process.
    public Task Leave() =>
        link.Run(Script.Leave, [keys.Processes, keys.Process, keys.Work, keys.Workers, keys.Signals], [keys.Identity]);

    // Removes the processes that died, if no process has looked for a minute. Returns how many there were.
    public async Task<int> Prune() =>
        (int)await link.Run(Script.Prune, [keys.Processes, keys.ProcessCleanup], [keys.Prefix]).ConfigureAwait(false);
}
