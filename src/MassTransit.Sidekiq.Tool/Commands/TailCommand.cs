using System.CommandLine;
using System.Globalization;

namespace MassTransit.Sidekiq;

// How a queue changed since the line before.
internal sealed record QueueChange(string Name, long Size, long Change);

// What happened since the line before, and how it is now.
internal sealed record TailLine(
    DateTimeOffset At,
    long Done,
    long Failed,
    int Busy,
    long Enqueued,
    long Scheduled,
    long Retries,
    long Dead,
    IReadOnlyList<QueueChange> Queues
);

internal sealed class TailCommand : ToolCommand
{
    readonly Option<double> interval = new("--interval")
    {
        Description = "Seconds between two lines.",
        HelpName = "seconds",
        DefaultValueFactory = _ => 1,
    };

    readonly Option<int?> lines = new("--lines")
    {
        Description = "End after this many lines. Default: with Ctrl-C.",
        HelpName = "number",
    };

    public TailCommand()
        : base("tail", "Shows what is done and fails, and which queues grow, line by line until Ctrl-C.")
    {
        Options.Add(interval);
        Options.Add(lines);
        interval.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.1 and <= 3600))
            {
                result.AddError("--interval must be from 0.1 to 3600 seconds.");
            }
        });
    }

    protected override async Task<int> Run(ToolRun run)
    {
        var before = await run.Inspector.Overview(run.Token);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(run.Value(interval)), run.Clock);
        try
        {
            for (var left = run.Value(lines) ?? int.MaxValue; left > 0 && await timer.WaitForNextTickAsync(run.Token); )
            {
                if (await Look(run) is { } now)
                {
                    var line = Compare(run.Redis.Now, before, now);
                    run.Terminal.ShowLine(line, Text(line));
                    (before, left) = (now, left - 1);
                }
            }
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            // Ctrl-C is how it ends.
        }

        return ExitCode.Fine;
    }

    // Null while Redis is away: it goes on when that is back.
    static async Task<SidekiqOverview?> Look(ToolRun run)
    {
        try
        {
            return await run.Inspector.Overview(run.Token);
        }
        catch (ConnectionException lost)
        {
            run.Terminal.Note(lost.Message);
            return null;
        }
    }

    static TailLine Compare(DateTimeOffset at, SidekiqOverview before, SidekiqOverview now)
    {
        var sizes = before.Queues.ToDictionary(queue => queue.Name, queue => queue.Size, StringComparer.Ordinal);
        var (failed, processed) = (
            Growth(before.Stats.Failed, now.Stats.Failed),
            Growth(before.Stats.Processed, now.Stats.Processed)
        );
        return new TailLine(
            at,
            Math.Max(0, processed - failed),
            failed,
            (int)now.Stats.Busy,
            now.Stats.Enqueued,
            now.Stats.Scheduled,
            now.Stats.Retries,
            now.Stats.Dead,
            [
                .. now
                    .Queues.Select(queue => new QueueChange(
                        queue.Name,
                        queue.Size,
                        queue.Size - sizes.GetValueOrDefault(queue.Name)
                    ))
                    .Where(queue => queue.Change != 0)
                    .OrderByDescending(queue => Math.Abs(queue.Change)),
            ]
        );
    }

    // Somebody may reset the counters.
    static long Growth(long before, long now) => Math.Max(0, now - before);

    static string Text(TailLine line) =>
        string.Create(
                CultureInfo.InvariantCulture,
                $"{line.At.UtcDateTime:HH:mm:ss}  done {line.Done, 6:N0}  failed {line.Failed, 4:N0}  busy {line.Busy, 4:N0}  enqueued {line.Enqueued, 7:N0}  retry {line.Retries, 6:N0}  dead {line.Dead, 5:N0}  {Growths(line)}"
            )
            .TrimEnd();

    static string Growths(TailLine line) =>
        Words.List([
            .. line.Queues.Select(queue =>
                string.Create(CultureInfo.InvariantCulture, $"{queue.Name} {queue.Size:N0} ({queue.Change:+#,0;-#,0})")
            ),
        ]);
}
