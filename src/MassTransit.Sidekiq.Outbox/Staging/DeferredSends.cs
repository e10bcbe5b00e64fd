namespace MassTransit.Sidekiq;

// Where the messages of a transaction are kept until it commits.
internal interface IMessageStage
{
    Task Add<T>(SendContext<T> message)
        where T : class;
}

// What a consumer sends on an in-memory bus, as in tests: held back until its transaction is committed.
internal sealed class DeferredSends(ConsumeContext consumeContext) : IMessageStage
{
    readonly Lock gate = new();
    readonly List<Func<Task>> sends = [];

    public Task Add<T>(SendContext<T> message)
        where T : class
    {
        lock (gate)
        {
            sends.Add(() => Send(message));
        }

        return Task.CompletedTask;
    }

    public async Task SendAll()
    {
        foreach (var send in sends)
        {
            await send().ConfigureAwait(false);
        }
    }

    async Task Send<T>(SendContext<T> message)
        where T : class
    {
        if (message.TryGetPayload<PublishContext<T>>(out _))
        {
            await consumeContext
                .Publish(message.Message, Pipe.Execute<PublishContext<T>>(context => Copy(message, context)))
                .ConfigureAwait(false);
            return;
        }

        var endpoint = await consumeContext.GetSendEndpoint(message.DestinationAddress!).ConfigureAwait(false);
        await endpoint
            .Send(message.Message, Pipe.Execute<SendContext<T>>(context => Copy(message, context)))
            .ConfigureAwait(false);
    }

    static void Copy(SendContext from, SendContext to)
    {
        (to.MessageId, to.RequestId, to.CorrelationId) = (from.MessageId, from.RequestId, from.CorrelationId);
        (to.ConversationId, to.InitiatorId) = (from.ConversationId, from.InitiatorId);
        (to.ResponseAddress, to.FaultAddress) = (from.ResponseAddress, from.FaultAddress);
        (to.TimeToLive, to.Delay, to.ScheduledMessageId) = (from.TimeToLive, from.Delay, from.ScheduledMessageId);
        foreach (var (key, value) in from.Headers.GetAll())
        {
            to.Headers.Set(key, value);
        }
    }
}
