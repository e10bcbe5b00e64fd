namespace MassTransit.Sidekiq;

// Tells whoever asked that a job is dead. A handler that fails is logged: the job is where it belongs by then.
internal sealed class JobDeaths
{
    readonly List<Func<SidekiqJob, Exception, Task>> handlers = [];

    public bool AreWatched => handlers.Count > 0;

    public void Add(Func<SidekiqJob, Exception, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handlers.Add(handler);
    }

    // `json` is the job as it stands in the dead set, or would if it were kept.
    public async Task Tell(ReadOnlyMemory<byte> json, string queue, Exception cause)
    {
        if (!AreWatched)
        {
            return;
        }

        SidekiqJob job;
        try
        {
            job = SidekiqJob.Parse(json, queue);
        }
        catch (InvalidJobException)
        {
            // As in Sidekiq: what nobody can read dies without a word.
            return;
        }

        foreach (var handler in handlers)
        {
            try
            {
                await handler(job, cause).ConfigureAwait(false);
            }
            catch (Exception fault)
            {
                LogContext.Error?.Log(
                    fault,
                    "A handler of OnJobDeath failed for job {JobId} ({Class}), which stays dead",
                    job.Jid,
                    job.Class
                );
            }
        }
    }
}

// Why a job died that was in the hands of too many processes when they died.
internal sealed class PoisonJobException(string queue)
    : MassTransitException(
        $"A job of queue '{queue}' was in the hands of three processes that died within 72 hours. It probably kills its process."
    );
