namespace MassTransit.Sidekiq;

// Captures a message that becomes a job later, such as a periodic one: it passes through the whole send pipeline (filters, observers,
// topology), and ends here instead of in Redis.
internal sealed class JobCapture
{
    public PeriodicTarget? Target { get; private set; }

    public JobDraft? Draft { get; private set; }

    // Without what each run gets anew, which is taken from the draft.
    public ReadOnlyMemory<byte> ToPeriodic() =>
        Draft!.Options.Batch is { } bid
            ? throw new InvalidOperationException(
                $"A periodic job cannot be one of batch '{bid}', which ends with its jobs. Let the job start a batch."
            )
            : PeriodicJob.CommonOf(Draft);

    // Does not send the message; returns the job that would have been sent.
    public static async Task<JobCapture> Of<T>(
        ISendEndpoint endpoint,
        T message,
        IPipe<SendContext<T>>? pipe,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var capture = new JobCapture();
        await endpoint
            .Send(
                message,
                Pipe.ExecuteAsync<SendContext<T>>(async context =>
                {
                    if (pipe is not null)
                    {
                        await pipe.Send(context).ConfigureAwait(false);
                    }

                    context.GetPayload<JobSendContext<T>>().Capture = capture.Take;
                }),
                cancellationToken
            )
            .ConfigureAwait(false);

        return capture.Target is null
            ? throw new InvalidOperationException(
                $"{TypeName.Of(typeof(T))} was not sent, so it cannot become a job later."
            )
            : capture;
    }

    void Take(PeriodicTarget target, JobDraft draft) => (Target, Draft) = (target, draft);
}
