namespace MassTransit.Sidekiq;

// What is the fault of Redis, or of the database of an outbox, and not ours, is told to the visitor.
internal static class StoreFaults
{
    public static bool IsAway(Exception fault) => fault is SidekiqOutboxException || IsOfRedis(fault);

    // A fault of ours, or a visitor who has left, is not one of Redis.
    public static bool IsOfRedis(Exception fault) =>
        fault is ConnectionException or SidekiqRedisException
        || (fault is not (InvalidOperationException or OperationCanceledException) && RedisErrors.IsRedis(fault));

    // What an action comes to, whether a form or the API asks for it.
    public static async Task<ActionResult> Caught(DashboardCall call, Func<DashboardCall, Task<ActionResult>> run)
    {
        try
        {
            return await run(call).ConfigureAwait(false);
        }
        catch (ArgumentException wrong)
        {
            return ActionResult.Failed(ActionResult.Words(wrong));
        }
        catch (Exception away) when (IsAway(away))
        {
            return ActionResult.Failed(away.Message, ActionFault.Away);
        }
    }
}
