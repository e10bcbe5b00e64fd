namespace MassTransit.Sidekiq;

internal static class Forgotten
{
    // For a task whose failure is reported elsewhere.
    public static async void Forget(this Task task) =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
