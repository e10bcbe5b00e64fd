namespace MassTransit.Sidekiq;

// A periodic job that the code of this application declares: a message, or a Ruby class with its arguments. Its job is created
// when the bus runs, so that it passes through the whole send pipeline.
internal sealed class PeriodicDeclaration(
    string name,
    string cron,
    string timeZone,
    Func<PeriodicDeclaration, IBus, Task<(PeriodicTarget Target, ReadOnlyMemory<byte> Job)>> describe
) : ISidekiqPeriodicConfigurator
{
    public string Name { get; } = name;

    public string Cron { get; } = cron;

    public string TimeZone { get; } = timeZone;

    public TimeSpan CatchUp { get; private set; } = TimeSpan.FromHours(1);

    public string? QueueName { get; private set; }

    public SidekiqRetry RetryOption { get; private set; }

    public Task<(PeriodicTarget Target, ReadOnlyMemory<byte> Job)> Describe(IBus bus) => describe(this, bus);

    public ISidekiqPeriodicConfigurator Queue(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        QueueName = queue;
        return this;
    }

    ISidekiqPeriodicConfigurator ISidekiqPeriodicConfigurator.CatchUp(TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero);
        CatchUp = window;
        return this;
    }

    public ISidekiqPeriodicConfigurator Retry(SidekiqRetry retry)
    {
        RetryOption = retry;
        return this;
    }

    // Its fault, or null.
    public string? Fault()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            return "It has no name. Give it one, which identifies it in Redis and in the log.";
        }

        if (QueueName is { } queue && MassTransit.Sidekiq.QueueName.Fault(queue, "Name another queue.") is { } fault)
        {
            return fault;
        }

        try
        {
            return CronSchedule.Parse(Cron, TimeZone).Next(DateTimeOffset.UnixEpoch.AddYears(50)) is null
                ? $"'{Cron}' names a day that never comes."
                : null;
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }

    // Published, and so to its contract's queue as well; or sent to the queue that the declaration names.
    public static async Task<(PeriodicTarget, ReadOnlyMemory<byte>)> Message<T>(
        PeriodicDeclaration declaration,
        IBus bus,
        T message
    )
        where T : class
    {
        var endpoint = declaration.QueueName is { } queue
            ? await bus.GetSendEndpoint(new Uri($"queue:{queue}")).ConfigureAwait(false)
            : await bus.GetPublishSendEndpoint<T>().ConfigureAwait(false);
        var options = declaration.RetryOption.IsAbsent
            ? null
            : Pipe.Execute<SendContext<T>>(context => context.Job(job => job.Retry = declaration.RetryOption));
        var capture = await JobCapture.Of(endpoint, message, options, CancellationToken.None).ConfigureAwait(false);

        return (capture.Target!, capture.ToPeriodic());
    }

    public static (PeriodicTarget, ReadOnlyMemory<byte>) RubyClass(
        PeriodicDeclaration declaration,
        string jobClass,
        object?[] args
    )
    {
        using var array = JobText.Rent();
        array.Raw("["u8);
        for (var i = 0; i < args.Length; i++)
        {
            array.Raw(i == 0 ? ""u8 : ","u8);
            array.Value(args[i]);
        }

        array.Raw("]"u8);
        var draft = new JobDraft
        {
            Class = jobClass,
            Args = array.ToArray(),
            Options = new JobOptions { Retry = declaration.RetryOption },
        };

        return (new PeriodicTarget { Queue = declaration.QueueName ?? "default" }, PeriodicJob.CommonOf(draft));
    }
}
