using System.Diagnostics;
using System.Globalization;

namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>
/// Four processes share a limit of 100 starts a second, and one of five slots. `SIDEKIQ_LIMIT_SECONDS` makes them work longer, and shows
/// that they use 95 % of both: a few seconds on a busy machine tell only that they do not stand still.
/// </summary>
[Collection(nameof(Alone))]
public sealed class LimitTests(ITestOutputHelper output)
{
    const int Processes = 4;
    const int Starts = 100;
    const int Slots = 5;
    const int JobTime = 250;
    const long Second = 1_000_000;

    static readonly TimeSpan lease = TimeSpan.FromSeconds(1);

    static readonly int seconds = int.Parse(
        Environment.GetEnvironmentVariable("SIDEKIQ_LIMIT_SECONDS") ?? "2",
        CultureInfo.InvariantCulture
    );

    static readonly double least = seconds >= 30 ? 0.95 : 0.6;

    [Fact]
    public async Task Processes_start_no_more_jobs_than_their_limits_let_and_hardly_less()
    {
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(Processes);
        await fleet.Employ(Processes);
        var (starts, slots) = (Starts * (seconds + 1), Slots * seconds * 1000 / JobTime);

        await Push(redis, "limited", "LimitedJob", starts, 0);
        await Push(redis, "slots", "SlotJob", slots, JobTime);
        await Ran(redis, "starts", starts);
        await Ran(redis, "slots", slots * 2);

        Window(await Notes(redis, "starts"));
        Concurrency(await Notes(redis, "slots"));
        Assert.Empty(await redis.RetrySet());
    }

    void Window(Note[] notes)
    {
        var starts = notes.Select(note => note.At).Order().ToArray();
        // Jobs that start at once at the beginning are not what a limit lets through in the long run.
        var rate = (starts.Length - Starts) * (double)Second / (starts[^1] - starts[Starts - 1]);
        var most = starts.Select((at, i) => starts.Skip(i).TakeWhile(other => other < at + Second).Count()).Max();
        output.WriteLine($"{starts.Length} jobs: at most {most} in a second, {rate:F1} a second, {Denials(notes)}");
        Assert.InRange(most, 1, Starts);
        Assert.InRange(rate, Starts * least, Starts);
    }

    void Concurrency(Note[] notes)
    {
        notes = [.. notes.OrderBy(note => note.At).ThenBy(note => note.Number)];
        var (running, most, busy, last) = (0, 0, 0L, notes[0].At);
        foreach (var note in notes)
        {
            busy += running * (note.At - last);
            last = note.At;
            running += note.Number > 0 ? 1 : -1;
            most = Math.Max(most, running);
        }

        var used = busy / (double)(Slots * (notes[^1].At - notes[0].At));
        output.WriteLine($"{notes.Length / 2} jobs: at most {most} at once, slots used {used:P1}, {Denials(notes)}");
        Assert.Equal(Slots, most);
        Assert.InRange(used, least, 1);
    }

    [Fact]
    public async Task Slots_of_a_killed_process_are_free_when_its_lease_ends()
    {
        await using var redis = await RedisServer.Lease();
        await using var fleet = new Fleet(redis, lease);
        await fleet.Prepare(2);
        await fleet.Employ(1);
        await Push(redis, "slots", "SlotJob", Slots, 3_600_000);
        await Ran(redis, "slots", Slots);

        await fleet.Kill(fleet.Working[0]);
        var killed = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / Second);
        await fleet.Employ(1);

        // They are rescued, and ask again like any job.
        await Ran(redis, "slots", 2 * Slots);
        var freed = (await Notes(redis, "slots"))[Slots..]
            .Select(note => (note.At - killed) / (double)Second)
            .ToArray();
        output.WriteLine($"killed, and started again after {string.Join(", ", freed.Select(at => $"{at:F2} s"))}");
        Assert.InRange(freed.Min(), 0, 5 * lease.TotalSeconds);
    }

    static Task Push(RedisDatabase redis, string queue, string jobClass, int count, int milliseconds) =>
        redis.SeedQueue(
            queue,
            [
                .. Enumerable
                    .Range(1, count)
                    .Select(number =>
                        $$"""{"class":"{{jobClass}}","args":[{"number":{{number}},"milliseconds":{{milliseconds}}}],"queue":"{{queue}}","jid":"{{number:x24}}","retry":true}"""
                    ),
            ]
        );

    static async Task Ran(RedisDatabase redis, string key, int notes)
    {
        for (var seen = -1L; seen < notes; )
        {
            var before = seen;
            await redis.Until(async state => (seen = await state.Db.ListLengthAsync(key)) > before || seen >= notes);
        }
    }

    static string Denials(IReadOnlyList<Note> notes) =>
        $"denied {notes.Average(note => note.Denials):F1} times on average, at most {notes.Max(note => note.Denials)}";

    static async Task<Note[]> Notes(RedisDatabase redis, string key) =>
        [
            .. (await redis.Db.ListRangeAsync(key))
                .Select(note => note.ToString().Split(' '))
                .Select(note => new Note(
                    int.Parse(note[0], CultureInfo.InvariantCulture),
                    long.Parse(note[1], CultureInfo.InvariantCulture),
                    int.Parse(note[2], CultureInfo.InvariantCulture)
                )),
        ];

    // A job's number, negative at its end; when; and how often it had been denied.
    sealed record Note(int Number, long At, int Denials);
}
