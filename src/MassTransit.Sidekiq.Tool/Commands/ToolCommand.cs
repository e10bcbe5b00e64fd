using System.CommandLine;
using System.Data.Common;

namespace MassTransit.Sidekiq;

// A command of the tool. What it cannot do ends in a sentence, never in a stack trace.
internal abstract class ToolCommand(string name, string description) : Command(name, description)
{
    protected abstract Task<int> Run(ToolRun run);

    // For each command below this one as well.
    public void On(ToolHost host)
    {
        SetAction((arguments, token) => Run(arguments, host, token));
        foreach (var command in Subcommands.OfType<ToolCommand>())
        {
            command.On(host);
        }
    }

    async Task<int> Run(ParseResult arguments, ToolHost host, CancellationToken token)
    {
        await using var run = new ToolRun(arguments, host, token);
        try
        {
            return await Run(run);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            run.Terminal.Note("Interrupted.");
        }
        catch (ConnectionException lost)
        {
            // Without the token: this is the end already, and takes a second.
            run.Terminal.Note((await run.Redis.WhyLost(CancellationToken.None) ?? lost).Message);
        }
        catch (Exception fault) when (fault is ToolFault or SidekiqRedisException or ArgumentException or DbException)
        {
            run.Terminal.Note(fault.Message);
        }
        // A mistake of the tool is one line as well: a stack trace tells a user nothing.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            run.Terminal.Note($"{fault.GetType().Name}: {fault.Message}");
        }

        return ExitCode.Cannot;
    }
}
