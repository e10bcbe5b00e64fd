using MassTransit.Configuration;
using MassTransit.Context;
using MassTransit.Scheduling;

namespace MassTransit.Sidekiq;

// Provides consumers with the transport's scheduler, which `context.ScheduleSend(…)` and the schedules of sagas use.
internal sealed class SidekiqSchedulerSpecification(BusRuntime runtime) : IPipeSpecification<ConsumeContext>
{
    public void Apply(IPipeBuilder<ConsumeContext> builder) => builder.AddFilter(new Filter(runtime));

    public IEnumerable<ValidationResult> Validate() => [];

    sealed class Filter(BusRuntime runtime) : IFilter<ConsumeContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqScheduler");

        public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
        {
            context.GetOrAddPayload<MessageSchedulerContext>(() =>
                new ConsumeMessageSchedulerContext(context, Scheduler)
            );
            return next.Send(context);
        }

        MessageScheduler Scheduler(ConsumeContext context) =>
            new(new SidekiqScheduleMessageProvider(context, runtime), context.GetPayload<IBusTopology>());
    }
}
