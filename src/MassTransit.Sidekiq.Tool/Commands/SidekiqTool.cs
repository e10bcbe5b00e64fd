using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MassTransit.Sidekiq;

// `dotnet sidekiq`. Its commands are drawn in docs/tool.md, which a test compares with them.
internal static class SidekiqTool
{
    public const string Name = "dotnet sidekiq";

    public static Task<int> Main(string[] arguments) => Run(arguments, ToolHost.OfProcess(), CancellationToken.None);

    public static async Task<int> Run(IReadOnlyList<string> arguments, ToolHost host, CancellationToken token)
    {
        // Without a word it tells what there is.
        var parsed = Root(host).Parse(arguments.Count > 0 ? arguments : ["--help"]);
        if (parsed.Action is ParseErrorAction wrong)
        {
            wrong.ShowHelp = false;
        }

        // The help names the program by its file; people type it in two words.
        using var help = new StringWriter();
        var output = host.Console.Profile.Out.Writer;
        var code = await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = parsed.Action is HelpAction ? help : output,
                Error = host.Errors.Profile.Out.Writer,
                EnableDefaultExceptionHandler = false,
            },
            token
        );
        await output.WriteAsync(help.ToString().Replace(RootCommand.ExecutableName, Name, StringComparison.Ordinal));
        return parsed.Errors.Count > 0 ? ExitCode.Cannot : code;
    }

    public static RootCommand Root(ToolHost host)
    {
        var root = new RootCommand(
            "Looks after MassTransit on Sidekiq: it examines an installation, shows queues, and retries, kills and deletes jobs of .NET and Ruby."
        )
        {
            ToolOptions.Redis,
            ToolOptions.KeyPrefix,
            ToolOptions.Json,
        };
        ToolCommand[] commands =
        [
            new DoctorCommand(),
            new QueuesCommand(),
            new JobsCommand(),
            new RetryCommand(),
            new KillCommand(),
            new DeleteCommand(),
            new ProcessesCommand(),
            new TopicsCommand(),
            new PeriodicCommand(),
            new BatchesCommand(),
            new LimitsCommand(),
            new OutboxCommand(),
            new TailCommand(),
        ];
        foreach (var command in commands)
        {
            command.On(host);
            root.Subcommands.Add(command);
        }

        return root;
    }
}
