using MassTransit.Serialization;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// What becomes of one claimed job, decided once: acknowledged, buried, put back, or moved to a later time. The first
/// decision stands; MassTransit completes the lock after an error move as well, which then does nothing.
/// A step that Redis does not answer is repeated until it does: the job stays in the working hash meanwhile.
#pragma warning disable CA1001 // The worker that asked for the context disposes it
internal sealed class JobSettlement(
    SidekiqReceiveEndpointContext endpoint,
    SidekiqProcess process,
    JobsInHand ledger,
    ClaimedJob claimed,
    CancellationToken stopping
) : ReceiveLockContext
#pragma warning restore CA1001
{
    readonly Delivery delivery = new(endpoint.Endpoint.QueueOrder.Names[claimed.Queue], claimed.Number);
    JobReceiveContext? context;
    SidekiqJob? job;
    JobFailureOptions advice = JobFailureOptions.None;
    JobOutcome? outcome;
    bool settled;

    /// The job, ready for the receive pipe; null when it ended here: unreadable or expired.
    public async ValueTask<JobReceiveContext?> Read()
    {
        try
        {
            job = SidekiqJob.Parse(claimed.Json, delivery.Queue);
            context = new JobReceiveContext(endpoint, job, this);
        }
        catch (Exception fault)
        {
            // Whatever reading it throws: a job that nobody can read is at its end, and those behind it go on.
            await Bury(fault).ConfigureAwait(false);
            return null;
        }

        if (job.Metadata?.ExpiresAt is not { } expires || !process.Redis.Skew.IsPast(expires))
        {
            return context;
        }

        LogContext.Debug?.Log("Job {JobId} of queue {Queue} expired at {Expires}", job.Jid, delivery.Queue, expires);
        await Complete().ConfigureAwait(false);
        End = JobEnd.Expired;
        return null;
    }

    /// Where the job went, once that is decided.
    public JobEnd End { get; private set; }

    public bool IsSettled => settled;

    /// Whether the failure of this attempt is one of several, or none at all.
    public bool RunsAgain => End is JobEnd.Retried or JobEnd.Rescheduled || context is { IsCancelled: true };

    public IReceiveObserver Observers => endpoint.ReceiveObservers;

    /// MassTransit asks when the job's activity has begun, which it names for sends alone.
    public Task ValidateLockStatus() => context!.NameActivity();

    public Task Complete()
    {
        if (job?.Metadata?.Ledger is not null)
        {
            return Settle(JobEnd.Acknowledged, Dropped);
        }

        if (!settled)
        {
            settled = true;
            End = JobEnd.Acknowledged;
            ledger.Acknowledge(claimed.Queue, claimed.Number);
        }

        return Task.CompletedTask;
    }

    /// An exception that no error pipe took. A job cancelled because the endpoint stops has not failed: it goes back to
    /// the head of its queue as it was. Anything else is a failure like any other.
    public Task Faulted(Exception exception)
    {
        if (settled)
        {
            return Task.CompletedTask;
        }

        return exception is OperationCanceledException && context?.CancellationToken.IsCancellationRequested == true
            ? Settle(JobEnd.PutBack, PutBack)
            : Fail(exception);
    }

    /// What the consumer that failed says of failures, the innermost first.
    public void Advise(JobFailureOptions options) => advice = advice.Over(options);

    public bool WillRetry(Exception exception) => !settled && Decide(exception) is JobOutcome.Retry;

    /// True when the job has a retry left, and is in the retry set now; or when it is settled already, as one is that was
    /// sent for later redelivery before it failed.
    public async Task<bool> TryRetry(Exception exception)
    {
        if (!settled && !WillRetry(exception))
        {
            return false;
        }

        await Fail(exception).ConfigureAwait(false);
        return true;
    }

    /// The job's consumer failed, or the job does not fit its consumer: to the retry set, the dead set, or nowhere, as
    /// Sidekiq would decide.
    public Task Fail(Exception exception)
    {
        if (settled)
        {
            return Task.CompletedTask;
        }

        var now = endpoint.Host.Clock.GetUtcNow();
        switch (Decide(exception))
        {
            case JobOutcome.Retry retry:
                Log(exception, $"failed for time {retry.Count + 1} and is tried again at {retry.Due:O}", isLast: false);
                return Settle(JobEnd.Retried, () => process.Retry(delivery, retry.Json, retry.Due));

            case JobOutcome.Bury bury:
                Log(exception, "is dead");
                return Die(JobEnd.Buried, bury, () => Bury(bury, now), exception);

            case var dropped:
                Log(exception, "failed and is dropped, as its options say");
                return Die(JobEnd.Discarded, dropped, Dropped, exception);
        }
    }

    /// The same where MassTransit's error pipe comes to it, with all that it knows of the failure.
    public Task Fail(ExceptionReceiveContext failed)
    {
        if (!endpoint.Endpoint.HasErrorQueue || WillRetry(failed.Exception))
        {
            return Fail(failed.Exception);
        }

        var queue = endpoint.Endpoint.ErrorQueue(delivery.Queue);
        Log(failed.Exception, $"failed and moves to queue {queue}");
        return Move(queue, failed.ExceptionHeaders);
    }

    /// Nobody on this endpoint consumes such a job.
    public Task Skip(string? reason)
    {
        var unknown = new UnknownJobClassException(
            context!.Job.Wrapped ?? context.Job.Class,
            delivery.Queue,
            endpoint.Endpoint.Classes.Classes
        );

        if (!endpoint.Endpoint.HasErrorQueue)
        {
            return Fail(unknown);
        }

        var queue = endpoint.Endpoint.SkippedQueue(delivery.Queue);
        Log(unknown, $"is skipped and moves to queue {queue}");
        var headers = new DictionarySendHeaders();
        headers.Set(MessageHeaders.Reason, reason ?? "dead-letter");
        headers.Set(MessageHeaders.FaultInputAddress, endpoint.InputAddress.ToString());
        return Move(queue, headers);
    }

    /// The job as it is then, made when it is known that nothing has become of it yet.
    public Task Redeliver(Func<DateTimeOffset, ReadOnlyMemory<byte>> later, TimeSpan delay)
    {
        if (settled)
        {
            return Task.CompletedTask;
        }

        var now = endpoint.Host.Clock.GetUtcNow();
        var json = later(now);
        return Settle(JobEnd.Rescheduled, () => process.Reschedule(delivery, json, now + delay));
    }

    /// Decided once: what was said to be the last attempt stays it.
    JobOutcome Decide(Exception exception)
    {
        if (outcome is not null)
        {
            return outcome;
        }

        var options = context!.FailureOptions.Over(advice).Over(endpoint.Endpoint.FailureOptions);
        outcome = endpoint.Host.Failures.Decide(context.Job, exception, endpoint.Host.Clock.GetUtcNow(), options);

        // A temporary queue is gone before a retry, and the job service has retries of its own, which wait for the fault.
        return outcome is JobOutcome.Retry retry && (endpoint.Endpoint.Temporary || context.IsOfJobService)
            ? outcome = new JobOutcome.Bury(retry.Json)
            : outcome;
    }

    /// Its stack, unless the log has it; a failure that nobody has called an error is one when it is the last.
    void Log(Exception exception, string end, bool isLast = true)
    {
        SidekiqMeter.CountUnreadable(exception, job!.Wrapped ?? job.Class, delivery.Queue);
        var isNews = context!.IsNews(exception);
        var level = isNews && isLast ? LogContext.Error : LogContext.Warning;
        try
        {
            level?.Log(
                isNews ? ReadableException.For(exception) : null!,
                "Job {JobId} ({Class}) of queue {Queue} {End}",
                job.Jid,
                job.Class,
                delivery.Queue,
                end
            );
        }
        catch (Exception)
        {
            // A logger of the user's own failed; there is nobody to tell, and the job has still to be settled.
        }
    }

    async Task Bury(Exception fault)
    {
        SidekiqMeter.CountUnreadable(fault, null, delivery.Queue);
        LogContext.Warning?.Log(
            fault is InvalidJobException ? null! : fault,
            "Buried a job of queue {Queue} that nobody can read: {Reason}",
            delivery.Queue,
            fault.Message
        );
        var now = endpoint.Host.Clock.GetUtcNow();
        await Settle(JobEnd.Unreadable, () => process.Claims.Bury(delivery, claimed.Json, now)).ConfigureAwait(false);
    }

    Task Die(JobEnd end, JobOutcome death, Func<Task<bool>> step, Exception exception) =>
        Settle(end, step, () => endpoint.Host.Deaths.Tell(death.Json, delivery.Queue, exception));

    /// Its ledger hears of it before it leaves the working hash: a kill in between makes it run again, and be noted again;
    /// the other way round the ledger would push it again.
    async Task<bool> Bury(JobOutcome.Bury bury, DateTimeOffset now)
    {
        await process.Completions.Note(job, isDead: true, now).ConfigureAwait(false);
        return await process.Claims.Bury(delivery, bury.Json, now).ConfigureAwait(false);
    }

    async Task<bool> Dropped()
    {
        await process.Completions.Note(job, isDead: false, endpoint.Host.Clock.GetUtcNow()).ConfigureAwait(false);
        ledger.Acknowledge(claimed.Queue, claimed.Number);
        return true;
    }

    Task Move(string queue, SendHeaders headers)
    {
        headers.SetHostHeaders();
        var moved = JobEnvelope.Move(
            context!.Job,
            queue,
            headers.GetAll(),
            endpoint.Host.Clock.GetUtcNow(),
            endpoint.Host.Settings.TimeFormat
        );
        return Settle(JobEnd.Moved, () => process.Claims.MoveTo(delivery, queue, moved));
    }

    async Task<bool> PutBack() =>
        await process.Claims.Requeue(delivery.Queue, [delivery.Number]).ConfigureAwait(false) > 0;

    /// `then` follows when the job is where the step should bring it.
    async Task Settle(JobEnd end, Func<Task<bool>> step, Func<Task>? then = null)
    {
        if (settled)
        {
            return;
        }

        (settled, End) = (true, end);
        var move = new JobMove(process, delivery, step, then);
        if (!await move.Run(endpoint.Host.Clock, stopping).ConfigureAwait(false))
        {
            End = JobEnd.None;
        }
    }
}
