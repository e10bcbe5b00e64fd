using MassTransit.Configuration;

namespace MassTransit.Sidekiq;

// Passes this consumer's retry options to the settlement of a job that failed here. A batch fails as a whole: the settlement of
// each of its jobs gets them.
internal sealed class ConsumerRetryFilter<TContext>(JobFailureOptions options) : IFilter<TContext>
    where TContext : class, ConsumeContext
{
    public async Task Send(TContext context, IPipe<TContext> next)
    {
        try
        {
            await next.Send(context).ConfigureAwait(false);
        }
        catch (Exception)
        {
            foreach (var failed in Jobs(context))
            {
                if (failed.TryGetPayload<JobSettlement>(out var settlement))
                {
                    settlement.Advise(options);
                }
            }

            throw;
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqRetry");

    static IEnumerable<ConsumeContext> Jobs(TContext context) =>
        context is ConsumeContext<object> { Message: IEnumerable<ConsumeContext> batch } ? batch : [context];
}

internal sealed class ConsumerRetrySpecification<TContext>(JobFailureOptions options) : IPipeSpecification<TContext>
    where TContext : class, ConsumeContext
{
    public void Apply(IPipeBuilder<TContext> builder) => builder.AddFilter(new ConsumerRetryFilter<TContext>(options));

    public IEnumerable<ValidationResult> Validate() => [];
}
