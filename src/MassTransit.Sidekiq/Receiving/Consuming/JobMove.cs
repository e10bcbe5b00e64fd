namespace MassTransit.Sidekiq;

/// <summary>
/// Performs the settlement of a job. `step` returns whether the job was still claimed, and `then` runs after the move.
/// 1. A step that fails is retried until it succeeds; until then the job stays in the working hash.
/// 2. A step that Redis refuses is left to UnsettledJobs, so that the worker is free.
/// </summary>
internal sealed class JobMove(SidekiqProcess process, Delivery delivery, Func<Task<bool>> step, Func<Task>? then)
{
    int attempts;

    // False when the endpoint stopped before it succeeded: the end of the lease frees the job.
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
                        "A job of queue {Queue} has ended, and its move is retried until it works",
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
        // A second attempt finds the claim gone if the reply to the first was lost.
        var isSecond = attempts++ > 0;
        if (!await step().ConfigureAwait(false) && !isSecond)
        {
            LogContext.Warning?.Log(
                "A job of queue {Queue} was no longer claimed when it ended: this process was suspended for longer than its lease",
                delivery.Queue
            );
        }
        else if (then is not null)
        {
            await then().ConfigureAwait(false);
        }
    }
}
