using System.Diagnostics;

namespace MassTransit.Sidekiq.OutboxWorker;

// Where this process kills itself, as the environment says. What the relay does is seen from outside, by the activities
// that Npgsql starts for its commands, so that the product knows nothing of its tests.
static class CrashPoint
{
    static readonly string? chosen = Environment.GetEnvironmentVariable("CRASH_POINT");

    public static void Watch()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = command =>
            {
                var text = (command.GetTagItem("db.query.text") ?? command.GetTagItem("db.statement")) as string ?? "";
                if (text.Contains("MATERIALIZED", StringComparison.Ordinal))
                {
                    Reached("claimed");
                }
                else if (text.Contains("DELETE FROM \"OutboxState\"", StringComparison.Ordinal))
                {
                    Reached("deleted");
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public static void Reached(string point)
    {
        if (point == chosen)
        {
            Process.GetCurrentProcess().Kill();
        }
    }
}
