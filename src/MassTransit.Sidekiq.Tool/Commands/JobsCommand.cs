using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MassTransit.Sidekiq;

// A job, as `jobs` shows it. An entry that is not a job has neither class nor jid. The arguments are there with --args only.
internal sealed record JobRow(
    string? Jid,
    string? Class,
    string? Queue,
    DateTimeOffset? At,
    DateTimeOffset? CreatedAt,
    int Failures,
    string? ErrorClass,
    string? ErrorMessage
)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Args { get; init; }
}

internal sealed class JobsCommand : ToolCommand
{
    static readonly Column<JobRow> arguments = new("arguments", row => row.Args?.GetRawText() ?? "");

    static readonly Sheet<JobRow> sheet = new(
        "No such jobs.",
        new Column<JobRow>("jid", row => row.Jid ?? "") { IsWhole = true },
        new Column<JobRow>("class", row => row.Class ?? "(not a job)"),
        new Column<JobRow>("queue", row => row.Queue ?? ""),
        new Column<JobRow>("due, or died", row => Words.Time(row.At)),
        new Column<JobRow>("created", row => Words.Time(row.CreatedAt)),
        new Column<JobRow>("failures", row => Words.Number(row.Failures), IsNumber: true),
        new Column<JobRow>(
            "error",
            row => row.ErrorClass is null ? "" : $"{row.ErrorClass}: {Shortened(row.ErrorMessage)}"
        )
    );

    readonly Argument<string> place = new("place")
    {
        Description = "A queue, or retry, schedule or dead; queue:retry for a queue of such a name.",
    };

    readonly JobFilter filter = new();
    readonly Option<int> limit = CommonOptions.Limit();

    readonly Option<bool> withArgs = new("--args")
    {
        Description =
            "Show the arguments as well. The tool knows no message types: what an application marks as secret is shown.",
    };

    public JobsCommand()
        : base("jobs", "Lists the jobs of a queue or a set.")
    {
        Arguments.Add(place);
        filter.AddTo(this);
        Options.Add(limit);
        Options.Add(withArgs);
    }

    protected override async Task<int> Run(ToolRun run)
    {
        var jobs = await JobPlace.Find(run.Inspector, run.Value(place), run.Token);
        var (isShown, rows) = (filter.Read(run), new List<JobRow>());
        var total = await jobs.Count(run.Token);
        var isComplete = await run.Terminal.Progress(
            $"Reading {jobs.Name}",
            total,
            async seen =>
            {
                await foreach (var entry in jobs.Entries(run.Token))
                {
                    seen();
                    if (!isShown(entry))
                    {
                        continue;
                    }

                    if (rows.Count == run.Value(limit))
                    {
                        return false;
                    }

                    rows.Add(Row(run, jobs, entry));
                }

                return true;
            }
        );

        run.Terminal.Show(rows, run.Value(withArgs) ? sheet with { Columns = [.. sheet.Columns, arguments] } : sheet);
        if (!isComplete)
        {
            run.Terminal.Note($"There are more: --limit shows them. {jobs.Name} holds {Words.Number(total)}.");
        }

        return ExitCode.Fine;
    }

    JobRow Row(ToolRun run, JobPlace jobs, SidekiqEntry entry) =>
        new(
            entry.Job?.Jid,
            JobFilter.ClassOf(entry),
            jobs.Set is null ? jobs.Name : Field(entry, "queue"),
            entry.At,
            entry.Job?.CreatedAt,
            entry.Job?.RetryCount + 1 ?? 0,
            entry.Job?.ErrorClass,
            entry.Job?.ErrorMessage
        )
        {
            Args = run.Value(withArgs) && entry.Job is { } job ? Args(run.Inspector.Redacted(job)) : null,
        };

    static JsonElement? Args(SidekiqJob job)
    {
        try
        {
            return job.Args.IsEmpty ? null : JsonElement.Parse(job.Args.Span);
        }
        catch (JsonException)
        {
            // Ruby's JSON has words that this one has not, such as NaN: then it is shown as text.
            return JsonSerializer.SerializeToElement(Encoding.UTF8.GetString(job.Args.Span));
        }
    }

    static string? Field(SidekiqEntry entry, string name) =>
        entry.Job is { } job && job.TryGet(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    // One line of it: a message may be as long as a page.
    static string Shortened(string? message)
    {
        const int Most = 120;
        var line = (message ?? "").Split('\n', 2)[0];
        return line.Length > Most ? line[..Most] + "…" : line;
    }
}
