using MassTransit.Serialization;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The settlement of one claimed job. Only the first call takes effect: MassTransit completes the lock after an error move as
// well, which then does nothing. FailureVerdict decides on a failure, JobSteps performs the move, and JobReport logs it.
internal sealed class JobSettlement(SidekiqReceiveEndpointContext endpoint, JobSteps steps, ClaimedJob claimed)
    : ReceiveLockContext
{
    readonly Delivery delivery = new(endpoint.Endpoint.Queues.Names[claimed.Queue], claimed.Number);
    JobReceiveContext? context;
    FailureVerdict? verdict;
    JobIteration? iteration;
    bool isSettled;

    public string Queue => delivery.Queue;

    // How the job ended, once it is settled.
    public JobEnd End { get; private set; }

    // What it failed with.
    public Exception? Failure => verdict?.Failure;

    public bool IsSettled => isSettled;

    // Whether the failure of this attempt is not the last, or is only a cancellation.
    public bool RunsAgain =>
        End is JobEnd.Retried or JobEnd.Rescheduled or JobEnd.Limited
        || context is { IsInterrupted: true, IsCancelled: false };

    // Whether the job was cancelled on request: however its attempt fails, it does not run again.
    public bool IsCancelled => context is { IsCancelled: true };

    public IReceiveObserver Observers => endpoint.ReceiveObservers;

    FailureVerdict Verdict =>
        verdict ??= new FailureVerdict(
            endpoint.Runtime.Failures,
            context!.Job,
            context.FailureOptions,
            endpoint.Endpoint.FailureOptions,
            // A temporary queue is gone before a retry, and the job service has its own retries, which wait for the fault.
            canRetry: !endpoint.Endpoint.IsTemporary && !context.IsOfJobService
        );

    public EndpointLimits Limits => endpoint.Endpoint.Limits;

    // How often limits have denied the job before.
    public int Denials => context!.Job.Metadata?.Limited ?? 0;

    public void Begin(JobReceiveContext attempt) => context = attempt;

    // MassTransit calls it after the job's activity has started, which it names only for sends.
    public Task ValidateLockStatus() => context!.NameActivity();

    public Task Complete() => EndAs(BatchOutcome.Success);

    Task EndAs(BatchOutcome outcome)
    {
        if (IsCancelled)
        {
            // It came to its end nevertheless. The mark goes with it, so that the same message can be sent again.
            var job = context!.Job;
            return Settle(JobEnd.Acknowledged, () => steps.EndWithState(delivery, job, BatchOutcome.Dropped));
        }

        if (iteration is { IsInterrupted: true })
        {
            return Settle(JobEnd.Interrupted, () => steps.Interrupt(delivery, context!.Job, iteration));
        }

        if (
            context?.Job is { } tied
            && (tied.Ties.Any || iteration is not null || tied.Metadata is { Ledger: not null })
        )
        {
            return Settle(JobEnd.Acknowledged, () => EndOf(tied, outcome));
        }

        if (!isSettled)
        {
            (isSettled, End) = (true, JobEnd.Acknowledged);
            steps.Acknowledge(claimed);
        }

        return Task.CompletedTask;
    }

    // One step more, and only for a job that is unique until now.
    public Task Start() =>
        context?.Job.Lock is { Until: SidekiqUniqueUntil.Start } held ? steps.Release(held) : Task.CompletedTask;

    // The place of an iterable consumer. MassTransit's own retries run it again in the same delivery.
    public async Task<JobIteration> Iterate(Type consumer, IterationProgress progress)
    {
        iteration ??= new JobIteration(context!, steps, delivery, consumer, progress);
        await iteration.Begin(consumer).ConfigureAwait(false);
        return iteration;
    }

    public Task<LimitAnswer> Ask(IReadOnlyList<LimitUse> limits) =>
        steps.Limits.Ask(delivery, context!.Job, limits, context.CancellationToken);

    public Task Free(LimitAnswer passed) => steps.Limits.Free(delivery, passed.Uses);

    // It has not started, and nothing is said of it.
    public Task PutOff(LimitAnswer denial)
    {
        if (IsCancelled)
        {
            return isSettled ? Task.CompletedTask : Cancel();
        }

        var job = context!.Job;
        return Settle(JobEnd.Limited, () => steps.PutOff(delivery, job, denial));
    }

    public async Task Expire()
    {
        await EndAs(BatchOutcome.Dropped).ConfigureAwait(false);
        End = JobEnd.Expired;
    }

    // The job cannot be read: it is buried unchanged.
    public Task Unreadable(Exception fault)
    {
        JobReport.Unreadable(delivery.Queue, fault);
        var now = Now();
        return Settle(JobEnd.Unreadable, () => steps.Bury(delivery, null, claimed.Json, now));
    }

    // An exception that no error pipe handled. A job cancelled because the endpoint stops has not failed: it is returned unchanged
    // to the head of its queue. Anything else is a failure like any other.
    public Task Faulted(Exception exception)
    {
        if (isSettled)
        {
            return Task.CompletedTask;
        }

        if (IsCancelled)
        {
            return Cancel();
        }

        return exception is OperationCanceledException && context?.CancellationToken.IsCancellationRequested == true
            ? Settle(JobEnd.PutBack, () => steps.Return(delivery))
            : Fail(exception);
    }

    Task Cancel()
    {
        var job = context!.Job;
        JobReport.Cancelled(context);
        return Settle(JobEnd.Cancelled, () => steps.EndWithState(delivery, job, BatchOutcome.Dropped));
    }

    // The retry options of the consumer that failed, the innermost first.
    public void Advise(JobFailureOptions options) => Verdict.Advise(options);

    public bool WillRetry(Exception exception) => !isSettled && Verdict.Of(exception, Now()) is JobOutcome.Retry;

    // True when the job had a retry left and is now in the retry set, or when it was already settled, such as by a redelivery
    // before it failed.
    public async Task<bool> TryRetry(Exception exception)
    {
        if (!isSettled && !WillRetry(exception))
        {
            return false;
        }

        await Fail(exception).ConfigureAwait(false);
        return true;
    }

    // The consumer failed, or the job does not match it: the job goes to the retry set or the dead set, or is dropped, by Sidekiq's
    // rules.
    public Task Fail(Exception exception)
    {
        if (isSettled)
        {
            return Task.CompletedTask;
        }

        var (now, job) = (Now(), context!.Job);
        switch (Verdict.Of(exception, now))
        {
            case JobOutcome.Retry retry:
                Report(exception, $"failed (attempt {retry.Count + 1}) and is retried at {retry.Due:O}", isLast: false);
                return Settle(JobEnd.Retried, () => steps.Retry(delivery, retry.Json, retry.Due, job.Ties));

            case JobOutcome.Bury bury:
                Report(exception, "is dead");
                return Die(JobEnd.Buried, bury, () => steps.Bury(delivery, job, bury.Json, now), exception);

            case var dropped:
                Report(exception, "failed and is dropped, as configured");
                return Die(JobEnd.Discarded, dropped, () => EndOf(job, BatchOutcome.Death), exception);
        }
    }

    // The same from MassTransit's error pipe, with its headers of the failure.
    public Task Fail(ExceptionReceiveContext failed)
    {
        if (!endpoint.Endpoint.HasErrorQueue || WillRetry(failed.Exception))
        {
            return Fail(failed.Exception);
        }

        var queue = endpoint.ErrorQueue(delivery.Queue);
        Report(failed.Exception, $"failed and is moved to queue {queue}");
        return Move(queue, failed.ExceptionHeaders);
    }

    // No consumer on this endpoint takes the job.
    public Task Skip(string? reason)
    {
        var unknown = endpoint.Endpoint.Unknown(context!.Job, delivery.Queue);

        if (!endpoint.Endpoint.HasErrorQueue)
        {
            return Fail(unknown);
        }

        var queue = endpoint.SkippedQueue(delivery.Queue);
        Report(unknown, $"is skipped and moved to queue {queue}");
        var headers = new DictionarySendHeaders();
        headers.Set(MessageHeaders.Reason, reason ?? "dead-letter");
        headers.Set(MessageHeaders.FaultInputAddress, endpoint.InputAddress.ToString());
        return Move(queue, headers);
    }

    // `later` creates the redelivered job; it is called only if the job is not settled yet.
    public Task Redeliver(Func<DateTimeOffset, ReadOnlyMemory<byte>> later, TimeSpan delay)
    {
        if (isSettled || IsCancelled)
        {
            return Task.CompletedTask;
        }

        var now = Now();
        var json = later(now);
        return Settle(JobEnd.Rescheduled, () => steps.Reschedule(delivery, json, now + delay, context!.Job.Ties));
    }

    Task Die(JobEnd end, JobOutcome death, Func<Task<bool>> step, Exception exception) =>
        Settle(end, step, () => endpoint.Runtime.Deaths.Tell(death.Json, delivery.Queue, exception));

    Task<bool> EndOf(SidekiqJob job, BatchOutcome outcome) =>
        iteration is not null ? steps.EndWithState(delivery, job, outcome)
        : job.Ties is { Any: true } ties ? steps.End(delivery, job, ties, outcome)
        : steps.End(claimed, job);

    Task Move(string queue, SendHeaders headers)
    {
        headers.SetHostHeaders();
        var moved = JobMoves.ToQueue(context!.Job, queue, headers.GetAll(), Now(), endpoint.Runtime.TimeFormat);
        return Settle(JobEnd.Moved, () => steps.MoveTo(delivery, queue, moved, context.Job.Ties));
    }

    void Report(Exception exception, string end, bool isLast = true) =>
        JobReport.Failed(context!, exception, end, isLast);

    async Task Settle(JobEnd end, Func<Task<bool>> step, Func<Task>? then = null)
    {
        if (isSettled)
        {
            return;
        }

        (isSettled, End) = (true, end);
        if (!await steps.Run(delivery, step, then).ConfigureAwait(false))
        {
            End = JobEnd.None;
        }
    }

    DateTimeOffset Now() => endpoint.Runtime.Clock.GetUtcNow();
}
