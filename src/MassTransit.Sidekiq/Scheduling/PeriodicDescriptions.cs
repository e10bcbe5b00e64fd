namespace MassTransit.Sidekiq;

/// What a declared periodic job is made of: a message, or a class of Ruby's with its arguments.
internal static class PeriodicDescriptions
{
    /// Published, and so to its contract's queue as well; or sent to the queue that the declaration names.
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
        var capture = await PeriodicCapture
            .Of(endpoint, message, options, CancellationToken.None)
            .ConfigureAwait(false);

        return (capture.Target!, capture.Job);
    }

    public static (PeriodicTarget, ReadOnlyMemory<byte>) RubyClass(
        PeriodicDeclaration declaration,
        string jobClass,
        object?[] args
    )
    {
        using var list = JobText.Rent();
        list.Raw("["u8);
        for (var i = 0; i < args.Length; i++)
        {
            list.Raw(i == 0 ? ""u8 : ","u8);
            list.Value(args[i]);
        }

        list.Raw("]"u8);
        var draft = new JobDraft
        {
            Class = jobClass,
            Queue = "",
            Jid = "",
            Args = list.ToArray(),
            Options = new JobOptions { Retry = declaration.RetryOption },
            CreatedAt = DateTimeOffset.UnixEpoch,
        };

        return (
            new PeriodicTarget { Queue = declaration.QueueName ?? "default" },
            PeriodicRun.Strip(JobWriter.Write(draft))
        );
    }
}
