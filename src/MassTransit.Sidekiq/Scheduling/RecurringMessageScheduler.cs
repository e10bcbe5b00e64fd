using MassTransit.Initializers;
using MassTransit.Scheduling;

namespace MassTransit.Sidekiq;

// MassTransit's recurring messages as periodic jobs: stored in Redis, run by whichever process finds them due. They are
// scheduled at once, outside any transaction of the caller. All overloads end in `Schedule`.
internal sealed class RecurringMessageScheduler(IBus bus, BusRuntime runtime) : IRecurringMessageScheduler
{
    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringSend<T>(
        Uri destinationAddress,
        RecurringSchedule schedule,
        T message,
        CancellationToken cancellationToken = default
    )
        where T : class => Schedule(destinationAddress, schedule, message, null, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringSend<T>(
        Uri destinationAddress,
        RecurringSchedule schedule,
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Schedule(destinationAddress, schedule, message, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringSend<T>(
        Uri destinationAddress,
        RecurringSchedule schedule,
        T message,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Schedule(destinationAddress, schedule, message, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringSend(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object message,
        CancellationToken cancellationToken = default
    ) => ScheduleRecurringSend(destinationAddress, schedule, message, message.GetType(), cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringSend(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object message,
        Type messageType,
        CancellationToken cancellationToken = default
    ) =>
        MessageSchedulerConverterCache.ScheduleRecurringSend(
            this,
            destinationAddress,
            schedule,
            message,
            messageType,
            cancellationToken
        );

    public Task<ScheduledRecurringMessage> ScheduleRecurringSend(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object message,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    ) => ScheduleRecurringSend(destinationAddress, schedule, message, message.GetType(), pipe, cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringSend(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object message,
        Type messageType,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    ) =>
        MessageSchedulerConverterCache.ScheduleRecurringSend(
            this,
            destinationAddress,
            schedule,
            message,
            messageType,
            pipe,
            cancellationToken
        );

    public async Task<ScheduledRecurringMessage<T>> ScheduleRecurringSend<T>(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object values,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        var made = await MessageInitializerCache<T>.InitializeMessage(values, cancellationToken).ConfigureAwait(false);
        return await Schedule(destinationAddress, schedule, made.Message, made.Pipe, cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task<ScheduledRecurringMessage<T>> ScheduleRecurringSend<T>(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object values,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        var made = await MessageInitializerCache<T>
            .InitializeMessage(values, pipe, cancellationToken)
            .ConfigureAwait(false);
        return await Schedule(destinationAddress, schedule, made.Message, made.Pipe, cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task<ScheduledRecurringMessage<T>> ScheduleRecurringSend<T>(
        Uri destinationAddress,
        RecurringSchedule schedule,
        object values,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class
    {
        var made = await MessageInitializerCache<T>
            .InitializeMessage(values, pipe, cancellationToken)
            .ConfigureAwait(false);
        return await Schedule(destinationAddress, schedule, made.Message, made.Pipe, cancellationToken)
            .ConfigureAwait(false);
    }

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringPublish<T>(
        RecurringSchedule schedule,
        T message,
        CancellationToken cancellationToken = default
    )
        where T : class => Schedule(Topic(typeof(T)), schedule, message, null, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringPublish<T>(
        RecurringSchedule schedule,
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Schedule(Topic(typeof(T)), schedule, message, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringPublish<T>(
        RecurringSchedule schedule,
        T message,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class => Schedule(Topic(typeof(T)), schedule, message, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringPublish(
        RecurringSchedule schedule,
        object message,
        CancellationToken cancellationToken = default
    ) => ScheduleRecurringSend(Topic(message.GetType()), schedule, message, cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringPublish(
        RecurringSchedule schedule,
        object message,
        Type messageType,
        CancellationToken cancellationToken = default
    ) => ScheduleRecurringSend(Topic(messageType), schedule, message, messageType, cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringPublish(
        RecurringSchedule schedule,
        object message,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    ) => ScheduleRecurringSend(Topic(message.GetType()), schedule, message, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage> ScheduleRecurringPublish(
        RecurringSchedule schedule,
        object message,
        Type messageType,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    ) => ScheduleRecurringSend(Topic(messageType), schedule, message, messageType, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringPublish<T>(
        RecurringSchedule schedule,
        object values,
        CancellationToken cancellationToken = default
    )
        where T : class => ScheduleRecurringSend<T>(Topic(typeof(T)), schedule, values, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringPublish<T>(
        RecurringSchedule schedule,
        object values,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class => ScheduleRecurringSend(Topic(typeof(T)), schedule, values, pipe, cancellationToken);

    public Task<ScheduledRecurringMessage<T>> ScheduleRecurringPublish<T>(
        RecurringSchedule schedule,
        object values,
        IPipe<SendContext> pipe,
        CancellationToken cancellationToken = default
    )
        where T : class => ScheduleRecurringSend<T>(Topic(typeof(T)), schedule, values, pipe, cancellationToken);

    public Task CancelScheduledRecurringSend(string scheduleId, string scheduleGroup) =>
        runtime.Process.Stores.Periodic.Remove(Id(scheduleId, scheduleGroup));

    public Task PauseScheduledRecurringSend(string scheduleId, string scheduleGroup) =>
        runtime.Process.Stores.Periodic.Pause(Id(scheduleId, scheduleGroup));

    public Task ResumeScheduledRecurringSend(string scheduleId, string scheduleGroup) =>
        new PeriodicJobs(runtime).Resume(Id(scheduleId, scheduleGroup));

    async Task<ScheduledRecurringMessage<T>> Schedule<T>(
        Uri destination,
        RecurringSchedule schedule,
        T message,
        IPipe<SendContext<T>>? pipe,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var endpoint = await bus.GetSendEndpoint(destination).ConfigureAwait(false);
        var capture = await JobCapture.Of(endpoint, message, pipe, cancellationToken).ConfigureAwait(false);
        await Declare(Job(schedule, capture)).ConfigureAwait(false);

        return new ScheduledRecurringMessageHandle<T>(schedule, destination, message);
    }

    // Effective at once in this process, and within seconds in others.
    async Task Declare(PeriodicJob job)
    {
        var due =
            job.Next(runtime.Clock.GetUtcNow())
            ?? throw new ArgumentException(
                $"'{job.Cron}' has no run between {job.From:O} and {job.Until:O}.",
                nameof(job)
            );
        var process = runtime.Process;
        await process.Stores.Periodic.Register(owner: null, [(job.Id, job.Write(), due)]).ConfigureAwait(false);
        process.Periodic.Loop.Wake();
    }

    static PeriodicJob Job(RecurringSchedule schedule, JobCapture capture) =>
        new()
        {
            Id = Id(schedule.ScheduleId, schedule.ScheduleGroup),
            Cron = schedule.CronExpression,
            TimeZone = schedule.TimeZoneId ?? "Etc/UTC",
            From = schedule.StartTime,
            Until = schedule.EndTime,
            Description = schedule.Description,
            CatchUp = schedule.MisfirePolicy switch
            {
                MissedEventPolicy.Skip => TimeSpan.Zero,
                MissedEventPolicy.Send => TimeSpan.FromDays(366),
                _ => TimeSpan.FromHours(1),
            },
            Target = capture.Target!,
            Job = capture.ToPeriodic(),
        };

    static string Id(string scheduleId, string? scheduleGroup) => $"{scheduleGroup}/{scheduleId}";

    Uri Topic(Type messageType) =>
        runtime.Host.Topology.TryGetPublishAddress(messageType, out var address)
            ? address
            : throw new ArgumentException($"{TypeName.Of(messageType)} cannot be published.", nameof(messageType));
}
