namespace MassTransit.Sidekiq;

// The last steps of a graceful shutdown. An unresponsive Redis delays it by one second, however many steps there are, and a
// step that fails does not prevent the next. `consequence` is logged for a failed step.
internal sealed class Farewell(string consequence)
{
    TimeSpan budget = TimeSpan.FromSeconds(1);

    public async Task Try(string what, Func<Task> step)
    {
        var started = RealTime.Clock.GetTimestamp();
        try
        {
            await step().WaitAsync(budget, RealTime.Clock).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            var left = budget - RealTime.Clock.GetElapsedTime(started);
            budget = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            LogContext.Warning?.Log(fault, "Could not {Step} at stop: {Consequence}", what, consequence);
        }
    }
}
