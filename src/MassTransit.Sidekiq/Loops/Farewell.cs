namespace MassTransit.Sidekiq;

// The last steps of what stops. A Redis that is silent holds up a stop for a second, however many steps there are, and no
// refusal stops the next step. `consequence` tells what becomes of what was not done.
internal sealed class Farewell(string consequence)
{
    TimeSpan patience = TimeSpan.FromSeconds(1);

    public async Task Try(string what, Func<Task> step)
    {
        var started = RealTime.Clock.GetTimestamp();
        try
        {
            await step().WaitAsync(patience, RealTime.Clock).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            var left = patience - RealTime.Clock.GetElapsedTime(started);
            patience = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            LogContext.Warning?.Log(fault, "Could not {Step} at stop: {Consequence}", what, consequence);
        }
    }
}
