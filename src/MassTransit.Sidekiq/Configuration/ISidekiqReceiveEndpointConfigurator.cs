namespace MassTransit;

/// <summary>An endpoint that consumes from one or more Sidekiq queues.</summary>
public interface ISidekiqReceiveEndpointConfigurator : IReceiveEndpointConfigurator
{
    /// <summary>
    /// Consumes from several queues instead of the one the endpoint is named after. Each is declared strict or weighted,
    /// as with Sidekiq's <c>-q</c>. The endpoint's address stays its name, so name that queue too if others send to it.
    /// </summary>
    void Queues(Action<ISidekiqQueuesConfigurator> configure);

    /// <summary>
    /// Makes the queue vanish when the endpoint stops, or a minute after its process died. A temporary queue is
    /// never shown in Sidekiq's Web UI. Default: false.
    /// </summary>
    bool Temporary { set; }

    /// <summary>Deletes every job in the endpoint's queues when it starts: for tests, not for production. Default: false.</summary>
    bool PurgeOnStartup { set; }

    /// <summary>
    /// What becomes of the endpoint's failed jobs. A consumer's own word wins over it, and it wins over the bus'. Default:
    /// what the bus says, which is 25 retries over three weeks and then the dead set unless it is told otherwise.
    /// </summary>
    void UseSidekiqRetry(Action<ISidekiqRetryConfigurator> configure);

    /// <summary>
    /// Moves what failed to the queue <c>name_error</c> and what nobody consumes to <c>name_skipped</c>, with MassTransit's
    /// <c>MT-Fault-*</c> headers in the job, as on other transports: for those whose tools look there. Failed jobs are then
    /// not retried by Sidekiq unless the job, its contract, its consumer or this endpoint's <c>UseSidekiqRetry</c> names
    /// retries; what they end with is the error queue instead of the dead set. Default: retry set and dead set.
    /// </summary>
    void UseErrorQueue();

    /// <summary>Subscribes the queue to a message type that no consumer of this endpoint names.</summary>
    void Subscribe<T>()
        where T : class;

    /// <summary>Subscribes the queue to a topic by its name, such as <c>Shop:OrderSubmitted</c>.</summary>
    void Subscribe(string topic);
}
