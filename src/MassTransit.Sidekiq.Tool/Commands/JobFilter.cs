using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO.Enumeration;

namespace MassTransit.Sidekiq;

// Which jobs a command means: --class, --error and --jid, all of which must fit where several are given.
internal sealed class JobFilter
{
    readonly Option<string?> jobClass = new("--class")
    {
        Description = "Jobs of this class; * stands for any characters: 'Shop:*'.",
        HelpName = "class",
    };

    readonly Option<string?> error = new("--error")
    {
        Description = "Jobs that failed last with this class of error or this message; * stands for any characters.",
        HelpName = "error",
    };

    readonly Option<string?> jid = new("--jid") { Description = "The job of this id.", HelpName = "jid" };

    public void AddTo(Command command)
    {
        command.Options.Add(jobClass);
        command.Options.Add(error);
        command.Options.Add(jid);
    }

    public string? Jid(ToolRun run) => run.Value(jid);

    // Whether it leaves out anything at all.
    public bool IsGiven(SymbolResult arguments) =>
        arguments.GetValue(jobClass) is not null
        || arguments.GetValue(error) is not null
        || arguments.GetValue(jid) is not null;

    public Func<SidekiqEntry, bool> Read(ToolRun run)
    {
        var (wantedClass, wantedError, wantedJid) = (run.Value(jobClass), run.Value(error), run.Value(jid));
        return entry =>
            (wantedClass is null || Fits(wantedClass, ClassOf(entry)))
            && (
                wantedError is null
                || Fits(wantedError, entry.Job?.ErrorClass)
                || Fits(wantedError, entry.Job?.ErrorMessage)
            )
            && (wantedJid is null || entry.Job?.Jid == wantedJid);
    }

    // As a group and the Web UI name it: that of the ActiveJob inside the wrapper.
    public static string? ClassOf(SidekiqEntry entry) => entry.Job?.Wrapped ?? entry.Job?.Class;

    // Of the letters that mean something in a pattern, only the star is to.
    static bool Fits(string pattern, string? text) =>
        text is not null && FileSystemName.MatchesSimpleExpression(Escaped(pattern), text, ignoreCase: false);

    static string Escaped(string pattern) =>
        pattern.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("?", "\\?", StringComparison.Ordinal);
}
