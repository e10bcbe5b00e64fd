namespace MassTransit.Sidekiq.Tests.Loops;

public class HandOverTests
{
    [Fact]
    public async Task Work_begins_on_this_thread_and_what_follows_goes_on_beside_it()
    {
        using var hasGoneOn = new ManualResetEventSlim();
        var worked = new TaskCompletionSource<(int Thread, bool SawTheOther)>();
        var here = 0;

        await Task.Run(async () =>
            {
                here = Environment.CurrentManagedThreadId;
                await new HandOver(() =>
                    worked.SetResult((Environment.CurrentManagedThreadId, hasGoneOn.Wait(Eventually.Guard)))
                );
                hasGoneOn.Set();
            })
            .InTime();

        Assert.Equal((here, true), await worked.Task.InTime());
    }
}
