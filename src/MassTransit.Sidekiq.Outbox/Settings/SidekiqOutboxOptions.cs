using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>How messages are staged in a database and drained to Redis.</summary>
public sealed class SidekiqOutboxOptions
{
    /// <summary>
    /// Messages that one step sends. More costs memory and holds locks longer; fewer costs round trips. Default: 1000.
    /// </summary>
    public int BatchSize { get; set; } = 1000;

    /// <summary>
    /// How late a message may be that the relay was not notified of: one that another process committed and whose wake-up was
    /// lost. Longer saves queries on an idle database. Default: 5 seconds.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the inbox recognises a repeated message. Default: 21 days, as long as Sidekiq retries a job
    /// 25 times. A shorter time saves rows where jobs retry less.
    /// </summary>
    public TimeSpan InboxRetention { get; set; } = TimeSpan.FromDays(21);

    /// <summary>
    /// PostgreSQL: wake the relays of other processes by LISTEN and NOTIFY, on a connection of its own. Turn it off behind
    /// PgBouncer in transaction mode, which drops them; polling works everywhere. Default: on.
    /// </summary>
    public bool Listen { get; set; } = true;

    /// <summary>
    /// Age of the oldest message from which the health check reports degraded; four times this is unhealthy.
    /// Default: 1 minute.
    /// </summary>
    public TimeSpan HealthyAge { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For tests: SaveChangesAsync, or the commit of its transaction, returns when its messages are in Redis, as long as the bus
    /// runs and has a relay. Messages that cannot be sent then wait as usual. Default: off.
    /// </summary>
    public void DrainInline() => IsInline = true;

    internal bool IsInline { get; private set; }

    internal bool HasStagedRequests { get; private set; }

    internal SidekiqLedgerOptions? Ledger { get; private set; }

    internal OutboxDialect? Dialect { get; private set; }

    internal bool IsBusOutbox { get; private set; }

    internal bool HasRelay { get; private set; } = true;

    internal HashSet<Type> Staged { get; } = [];

    internal HashSet<Type> Bypassed { get; } = [];

    /// <summary>The database is PostgreSQL. Needed only where the context's provider does not reveal it.</summary>
    public void UsePostgres() => Dialect = OutboxDialect.Postgres;

    /// <summary>The database is SQLite. Needed only where the context's provider does not reveal it.</summary>
    public void UseSqlite() => Dialect = OutboxDialect.Sqlite;

    /// <summary>The database is SQL Server. Needed only where the context's provider does not reveal it.</summary>
    public void UseSqlServer() => Dialect = OutboxDialect.SqlServer;

    /// <summary>The database is MySQL. Needed only where the context's provider does not reveal it.</summary>
    public void UseMySql() => Dialect = OutboxDialect.MySql;

    /// <summary>
    /// Stages what is sent through the <see cref="IPublishEndpoint" />, <see cref="ISendEndpointProvider" /> and
    /// <see cref="IMessageScheduler" /> of a scope, also outside of consumers; it is sent once the context's changes are
    /// committed. If several contexts of one bus configure it, the last one stages.
    /// </summary>
    public void UseBusOutbox() => IsBusOutbox = true;

    /// <summary>
    /// With <see cref="UseBusOutbox"/>, stages the requests of a scope's <see cref="IRequestClient{TRequest}"/> too:
    /// <c>Create</c> the request, begin <c>GetResponse</c>, await its <c>Message</c>, which completes when it is staged, save and
    /// commit, and await the response after that. Awaiting the response before the commit blocks until the request
    /// times out. Default: off, a request is sent at once, as in MassTransit's own outbox.
    /// </summary>
    public void StageRequests() => HasStagedRequests = true;

    /// <summary>This process only stages; another one must drain.</summary>
    public void DisableRelay() => HasRelay = false;

    /// <summary>
    /// Stores each job in the table OutboxLedger from its push until a consumer has completed it, and pushes it again,
    /// with the same id, when Redis has lost it. Costs a row for each job and a command in Redis for each completion. .NET
    /// consumers of this library report completion by themselves, Ruby's by a middleware of ten lines (docs/outbox.md). Not for
    /// responses to requests and for other temporary queues, which end with their process.
    /// </summary>
    /// <param name="configure">After how long a job is looked for, and what becomes of dead ones.</param>
    public void KeepUntilCompleted(Action<SidekiqLedgerOptions>? configure = null)
    {
        Ledger ??= new SidekiqLedgerOptions();
        configure?.Invoke(Ledger);
    }

    /// <summary>Stages messages of this type; once used, others are sent directly. Includes types that derive from it.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    public void Only<T>()
        where T : class => Staged.Add(typeof(T));

    /// <summary>Sends messages of this type directly, before and whether or not the transaction commits. Includes types that derive from it.</summary>
    /// <typeparam name="T">The message type.</typeparam>
    public void Bypass<T>()
        where T : class => Bypassed.Add(typeof(T));

    internal bool Stages(Type messageType) =>
        !Bypassed.Any(type => type.IsAssignableFrom(messageType))
        && (Staged.Count == 0 || Staged.Any(type => type.IsAssignableFrom(messageType)));
}

// The options of one context's outbox.
internal sealed class OutboxSettings<TDbContext>(SidekiqOutboxOptions options)
{
    public SidekiqOutboxOptions Options => options;

    public string Name { get; } = typeof(TDbContext).Name;
}
