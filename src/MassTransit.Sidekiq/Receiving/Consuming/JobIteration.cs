namespace MassTransit.Sidekiq;

// How far an iterable consumer says it is.
internal sealed class IterationProgress
{
    public Progress? Told { get; set; }
}

/// <summary>
/// The place of an iterable job among its items, over all its runs.
/// 1. A run begins where the last one was saved: by this process, by one that was killed, or by Ruby.
/// 2. Before an item runs, its cursor is the place. It is saved when the last save is five seconds old, and only while the job is
///    still claimed.
/// 3. When the endpoint stops or the run has taken its time, the job returns to its queue in one step with its place.
/// 4. A run that fails saves its place, and the retry goes on with the item that failed. The end of the job removes it.
/// </summary>
internal sealed class JobIteration(
    JobReceiveContext run,
    JobSteps steps,
    Delivery delivery,
    Type consumer,
    IterationProgress progress
)
{
    // As Ruby's.
    static readonly TimeSpan saveInterval = TimeSpan.FromSeconds(5);

    readonly string jid =
        run.Job.Jid
        ?? throw new InvalidOperationException(
            $"A job of class '{run.Job.Class}' in queue '{delivery.Queue}' has no jid, which its place is kept under. Push it with one."
        );

    IterationState before = IterationState.None;
    long startedAt;
    long savedAt;
    bool isRunning;
    bool hasReached;

    public string? Cursor { get; private set; }

    public bool IsInterrupted { get; private set; }

    // Behind the jobs that wait, since it has had its time, or in front of them, since it was not its fault.
    public bool GoesToTheBack { get; private set; }

    public IterationState State =>
        new(before.Executions + 1, Cursor, before.Runtime + steps.Clock.GetElapsedTime(startedAt), progress.Told);

    public async Task Begin(Type next)
    {
        if (isRunning || next != consumer)
        {
            throw new InvalidOperationException(
                $"Iterable consumers {TypeCache.GetShortName(consumer)} and {TypeCache.GetShortName(next)} consume the same message of "
                    + $"queue '{delivery.Queue}', and a job has one cursor. Give each an endpoint of its own."
            );
        }

        isRunning = true;
        (IsInterrupted, hasReached, startedAt) = (false, false, steps.Clock.GetTimestamp());
        try
        {
            before = await steps.ReadIteration(jid, run.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            isRunning = false;
            throw;
        }

        (Cursor, savedAt) = (before.Cursor, steps.Clock.GetTimestamp());
        if (before.IsCancelled)
        {
            run.StopOnRequest();
            run.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    // Whether the run ends before this item.
    public async Task<bool> Reach(string cursor, TimeSpan? maxRuntime)
    {
        Cursor =
            cursor
            ?? throw new InvalidOperationException(
                $"Iterable consumer {TypeCache.GetShortName(consumer)} returned an item without a cursor. Each step needs one."
            );

        // Not before the first item, or a run that begins slowly would get nowhere, again and again.
        GoesToTheBack = hasReached && !steps.IsStopping && steps.Clock.GetElapsedTime(startedAt) >= maxRuntime;
        IsInterrupted = steps.CanInterrupt && (steps.IsStopping || GoesToTheBack);
        hasReached = true;
        if (IsInterrupted)
        {
            isRunning = false;
            JobReport.Interrupted(run, before.Executions + 1);
        }
        else if (steps.Clock.GetElapsedTime(savedAt) >= saveInterval)
        {
            await Save().ConfigureAwait(false);
        }

        return IsInterrupted;
    }

    public void Complete() => isRunning = false;

    // What failed is reported, whatever becomes of the save: without it, the retry begins at the last one.
    public async Task Fail()
    {
        isRunning = false;
        if (run.IsCancelled || Cursor is null)
        {
            return;
        }

        try
        {
            await steps.SaveIteration(delivery, jid, State).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ConnectionException or SidekiqRedisException)
        {
            LogContext.Warning?.Log(
                fault,
                "The place of job {JobId} could not be saved when it failed: it goes on from the last save",
                jid
            );
        }
    }

    // While Redis is away or full, which is reported elsewhere, the work goes on: the next save is due in five seconds.
    async Task Save()
    {
        savedAt = steps.Clock.GetTimestamp();
        try
        {
            if (!await steps.SaveIteration(delivery, jid, State).ConfigureAwait(false))
            {
                // Another process has the job, because this one was taken for dead.
                run.Interrupt();
                run.CancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (ConnectionException lost) when (lost.IsTransient)
        {
            LogContext.Debug?.Log(lost, "The place of job {JobId} is saved later", jid);
        }
    }
}
