namespace MassTransit.Sidekiq;

// Notifies the registered handlers that a job is dead. A failing handler is logged: the job is already in its final place.
internal sealed class JobDeaths
{
    readonly List<Func<SidekiqJob, Exception, Task>> handlers = [];

    public bool IsWatched => handlers.Count > 0;

    public void Add(Func<SidekiqJob, Exception, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handlers.Add(handler);
    }

    // `json` is the job as stored in the dead set, or as it would be if it were kept.
    public async Task Tell(ReadOnlyMemory<byte> json, string queue, Exception cause)
    {
        if (!IsWatched)
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
            // As in Sidekiq: an entry that cannot be parsed dies without notice.
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

// Why a job died that was claimed by too many processes when they died.
internal sealed class PoisonJobException(string queue)
    : MassTransitException(
        $"A job of queue '{queue}' was in the hands of three processes that died within 72 hours. It probably kills its process."
    );
