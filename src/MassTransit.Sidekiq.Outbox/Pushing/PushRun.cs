namespace MassTransit.Sidekiq;

// Sends what was planned: commands are sent in order on one connection, and are awaited together.
// A permanent refusal of one command sets its messages aside; a temporary refusal of all commands leaves the messages
// where they are. Any other exception of a command also belongs to its messages.
internal sealed class PushRun(BusRuntime runtime, IReadOnlyList<PushStep> steps, OutboxOutcome outcome)
{
    readonly List<(Task<PushAnswer> Done, PushStep Step)> sent = [];

    public OutboxOutcome Outcome => outcome;

    // Only cancellation throws: then pending commands may have been executed, or not.
    public Task Send(CancellationToken cancellationToken = default) => SendAll().WaitAsync(cancellationToken);

    async Task SendAll()
    {
        var process = runtime.Process;
        var hasPublished = false;
        foreach (var step in steps)
        {
            if (step.Cancelled is not null)
            {
                // What this batch scheduled must exist before it can be cancelled.
                await Task.WhenAll(sent.Select(command => (Task)command.Done))
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            var done = Begin(process, step);
            sent.Add((done, step));

            // If Redis does not know the publish script yet, all would be sent a second time, out of order.
            if (step.Cancelled is not null || (step.Published is not null && !hasPublished))
            {
                hasPublished |= step.Published is not null;
                await ((Task)done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        foreach (var (done, step) in sent)
        {
            await Settle(done, step).ConfigureAwait(false);
        }
    }

    static Task<PushAnswer> Begin(SidekiqProcess process, PushStep step)
    {
        try
        {
            return step.Send(process);
        }
        catch (Exception fault)
        {
            return Task.FromException<PushAnswer>(fault);
        }
    }

    async Task Settle(Task<PushAnswer> done, PushStep step)
    {
        try
        {
            Sent(step, await done.ConfigureAwait(false));
        }
        catch (Exception fault)
        {
            Failed(step, fault);
        }
    }

    void Sent(PushStep step, PushAnswer answer)
    {
        if (step.Published is { } request)
        {
            foreach (var copy in JobLedger.Copies(request, answer.Copies))
            {
                outcome.Copies.Add((step.Messages[0], copy));
            }

            if (!answer.HasMet && step.IsOfUnknownType)
            {
                outcome.Unheard.Add(request.Entities[0]);
            }
        }
        else if (step.Unique is { Conflicts.Count: > 0 })
        {
            outcome.Drop(step.Messages[0]);
        }
        else if (step.Cancelled is { } token && !answer.HasMet)
        {
            outcome.NotFound.Add((step.Messages[0], token));
        }
    }

    void Failed(PushStep step, Exception fault)
    {
        switch (RedisErrors.FailureOf(fault))
        {
            case StepFailure.Lost or StepFailure.Waits:
                foreach (var message in step.Messages)
                {
                    outcome.Leave(message, fault);
                }

                break;
            case StepFailure.Unconfirmed:
                outcome.Unconfirm(fault);
                break;
            default:
                foreach (var message in step.Messages)
                {
                    outcome.SetAside(message, fault);
                }

                break;
        }
    }
}
