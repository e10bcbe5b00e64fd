using Spectre.Console;

namespace MassTransit.Sidekiq;

// What a run of the tool has besides its arguments: where it writes, whom it may ask, the variables and the clock. Tests bring
// their own.
internal sealed record ToolHost(
    IAnsiConsole Console,
    IAnsiConsole Errors,
    Func<string, string?> Variable,
    TimeProvider Clock
)
{
    // Wide enough for every table: what reads a redirected output does not want lines broken.
    const int Unbroken = 2000;

    public static ToolHost OfProcess() =>
        new(
            Of(System.Console.Out, System.Console.IsOutputRedirected),
            Of(System.Console.Error, System.Console.IsErrorRedirected),
            Environment.GetEnvironmentVariable,
            TimeProvider.System
        );

    static IAnsiConsole Of(TextWriter writer, bool isRedirected)
    {
        var isPlain = isRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(writer),
                Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
                ColorSystem = isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
                // Whoever cannot answer is not asked.
                Interactive =
                    isRedirected || System.Console.IsInputRedirected ? InteractionSupport.No : InteractionSupport.Yes,
            }
        );
        if (isRedirected)
        {
            console.Profile.Width = Unbroken;
        }

        return console;
    }
}
