namespace MassTransit.Sidekiq;

internal static class Answers
{
    /// Two things that the client does not do.
    /// 1. It lets the caller go on with the thread that reads answers. Our callers' callers may block that thread, as
    ///    MassTransit does before a bus' first request, until another answer comes; so they go on with another one.
    /// 2. It may lose an answer while a connection is replaced. A silent server is noticed long before the limit, so that
    ///    nobody meets it who is not cured by it.
    public static Task<T> Answered<T>(this Task<T> answer, TimeSpan limit) =>
        answer
            .WaitAsync(limit, RedisLink.Time)
            .ContinueWith(
                static answered => answered.GetAwaiter().GetResult(),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default
            );
}
