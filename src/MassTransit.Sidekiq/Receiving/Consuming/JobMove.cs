namespace MassTransit.Sidekiq;

/// <summary>
/// Carries out what was decided of a job. `step` says whether the job was still claimed, and `then` follows when it is where it
/// belongs.
/// 1. What Redis does not do now is tried until it does: the job stays in the working hash meanwhile.
/// 2. What it refuses for good is left to UnsettledJobs, so that the worker goes on.
/// </summary>
internal sealed class JobMove(SidekiqProcess process, Delivery delivery, Func<Task<bool>> step, Func<Task>? then)
{
    int attempts;

    // False when the endpoint stopped before it worked: the end of the lease frees the job.
    public async Task<bool> Run(TimeProvider clock, CancellationToken stopping)
    {
        var backOff = new BackOff();
        while (true)
        {
            try
            {
                await Once().ConfigureAwait(false);
                return true;
            }
            catch (SidekiqRedisException refusal) when (process.Unsettled.TryAdd(delivery, Once, refusal))
            {
                return true;
            }
            catch (Exception fault) when (!stopping.IsCancellationRequested)
            {
                if (attempts == 1 && fault is not ConnectionException)
                {
                    LogContext.Warning?.Log(
                        fault,
                        "A job of queue {Queue} has ended, and its move is tried until it works",
                        delivery.Queue
                    );
                }

                await Task.Delay(backOff.Next(), clock, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception fault)
            {
                LogContext.Warning?.Log(
                    fault,
                    "A job of queue {Queue} could not be settled at stop; it runs again when the lease of this process ends",
                    delivery.Queue
                );
                return false;
            }
        }
    }

    async Task Once()
    {
        // A second attempt finds the claim gone when the answer to the first was lost on its way.
        var isSecond = attempts++ > 0;
        if (!await step().ConfigureAwait(false) && !isSecond)
        {
            LogContext.Warning?.Log(
                "A job of queue {Queue} was no longer ours when it ended: this process stood still longer than its lease",
                delivery.Queue
            );
        }
        else if (then is not null)
        {
            await then().ConfigureAwait(false);
        }
    }
}
