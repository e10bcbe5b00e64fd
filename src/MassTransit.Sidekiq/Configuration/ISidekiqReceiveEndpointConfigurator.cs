namespace MassTransit;

/// <summary>Configures an endpoint that consumes from one or more Sidekiq queues.</summary>
public interface ISidekiqReceiveEndpointConfigurator : IReceiveEndpointConfigurator
{
    /// <summary>
    /// Consumes from several queues instead of the one the endpoint is named after. Each is declared strict or weighted,
    /// as with Sidekiq's <c>-q</c>. The endpoint's address stays its name, so name that queue too if others send to it.
    /// </summary>
    void Queues(Action<ISidekiqQueuesConfigurator> configure);

    /// <summary>
    /// Removes the queue when the endpoint stops, or a minute after its process died. A temporary queue is never shown in
    /// Sidekiq's Web UI. Default: false.
    /// </summary>
    bool Temporary { set; }

    /// <summary>Deletes every job in the endpoint's queues when it starts: for tests, not for production. Default: false.</summary>
    bool PurgeOnStartup { set; }

    /// <summary>
    /// Configures the retries of the endpoint's failed jobs. A consumer's configuration takes precedence over it, and it takes
    /// precedence over the bus's. Default: the bus's, which is 25 retries over three weeks and then the dead set.
    /// </summary>
    void UseSidekiqRetry(Action<ISidekiqRetryConfigurator> configure);

    /// <summary>
    /// Limits the jobs of this endpoint, whatever their messages, together with all processes that name the same limits. A denied job waits
    /// in the scheduled set without an attempt. Default: no limits.
    /// </summary>
    void UseSidekiqLimit(Action<ISidekiqLimitsConfigurator> configure);

    /// <summary>
    /// Moves failed jobs to the queue <c>name_error</c> and jobs that no consumer takes to the dead-letter queue
    /// <c>name_skipped</c>, with MassTransit's <c>MT-Fault-*</c> headers in the job, as on other transports. Failed jobs are
    /// then not retried by Sidekiq unless the job, its contract, its consumer or this endpoint's <c>UseSidekiqRetry</c>
    /// configures retries; after the last, they go to the error queue instead of the dead set. Default: retry set and dead set.
    /// </summary>
    void UseErrorQueue();

    /// <summary>Subscribes the queue to a message type that no consumer of this endpoint consumes.</summary>
    void Subscribe<T>()
        where T : class;

    /// <summary>Subscribes the queue to a topic by its name, such as <c>Shop:OrderSubmitted</c>.</summary>
    void Subscribe(string topic);
}
