namespace MassTransit.Sidekiq;

// Captures a message that becomes a periodic job: it passes through the whole send pipeline (filters, observers, topology),
// and ends here instead of in Redis.
internal sealed class PeriodicCapture
{
    public PeriodicTarget? Target { get; private set; }

    public ReadOnlyMemory<byte> Job { get; private set; }

    // Does not send the message; returns the job that would have been sent.
    public static async Task<PeriodicCapture> Of<T>(
        ISendEndpoint endpoint,
        T message,
        IPipe<SendContext<T>>? pipe,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var capture = new PeriodicCapture();
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
                $"{TypeName.Of(typeof(T))} was not sent, so it cannot become a periodic job."
            )
            : capture;
    }

    void Take(PeriodicTarget target, JobDraft draft) => (Target, Job) = (target, PeriodicJob.CommonOf(draft));
}
