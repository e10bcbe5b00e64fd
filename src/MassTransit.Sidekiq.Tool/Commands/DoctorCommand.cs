using System.CommandLine;
using Spectre.Console;

namespace MassTransit.Sidekiq;

internal sealed class DoctorCommand : ToolCommand
{
    static readonly Sheet<Finding> sheet = new(
        "Nothing was checked.",
        new Column<Finding>("verdict", finding => finding.Verdict.ToString().ToLowerInvariant()) { Color = ColorOf },
        new Column<Finding>("check", finding => finding.Check),
        new Column<Finding>(
            "fact, and the way out",
            finding => finding.WayOut is { } way ? $"{finding.Fact}\n→ {way}" : finding.Fact
        )
    );

    readonly Option<int> maxLatency = CommonOptions.Positive(
        new Option<int>("--max-latency")
        {
            Description = "The latency in seconds above which a queue is late.",
            HelpName = "seconds",
            DefaultValueFactory = _ => 60,
        }
    );

    readonly Option<int> deadLimit = CommonOptions.Positive(
        new Option<int>("--dead-limit")
        {
            Description = "How many jobs the dead set keeps: the DeadMaxJobs of the applications.",
            HelpName = "number",
            DefaultValueFactory = _ => DeadSet.Default.MaxJobs,
        }
    );

    readonly Option<bool> strict = new("--strict") { Description = "Return 1 for warnings as well, as in a pipeline." };
    readonly Option<string?> outbox = CommonOptions.Outbox();
    readonly Option<OutboxProvider> provider = CommonOptions.Provider();

    public DoctorCommand()
        : base("doctor", "Examines an installation: the server, its settings, and what waits or is lost in it.")
    {
        Options.Add(maxLatency);
        Options.Add(deadLimit);
        Options.Add(strict);
        Options.Add(outbox);
        Options.Add(provider);
    }

    protected override async Task<int> Run(ToolRun run)
    {
        var examination = new Examination(
            run.Redis,
            new DoctorOptions(
                TimeSpan.FromSeconds(run.Value(maxLatency)),
                run.Value(deadLimit),
                run.Value(outbox),
                run.Value(provider)
            ),
            run.Clock,
            run.Token
        );
        var findings = await run.Terminal.Status(
            $"Examining {run.Redis.Place}",
            () => SidekiqDoctor.Examine(examination)
        );

        run.Terminal.Show(findings, sheet);
        var worst = findings.Max(finding => finding.Verdict);
        return worst == Verdict.Error || (worst == Verdict.Warning && run.Value(strict))
            ? ExitCode.Problems
            : ExitCode.Fine;
    }

    static Color? ColorOf(Finding finding) =>
        finding.Verdict switch
        {
            Verdict.Ok => Color.Green,
            Verdict.Warning => Color.Yellow,
            _ => Color.Red,
        };
}
