namespace MassTransit;

/// <summary>
/// Configures what limits jobs need to start: <c>e.UseSidekiqLimit(x => x.Window("stripe", 100, TimeSpan.FromSeconds(1)))</c>. A limit is
/// shared by all processes that name it, on this Redis and with this key prefix. With several, a job starts when all have room. A name is
/// 1 to 100 letters, digits, <c>-</c>, <c>_</c> or <c>.</c>; it means one limit in a process, and the definition of the process that
/// started last applies to all. A definition that is out of bounds is refused when the bus is built.
/// </summary>
public interface ISidekiqLimitsConfigurator
{
    /// <summary>
    /// How often a job may be denied; then it fails with <see cref="SidekiqLimitException" />, and is retried like any failed job. A smaller
    /// number notices earlier that more is sent than the limits let through. Default: 100.
    /// </summary>
    int MaxReschedules { set; }

    /// <summary>At most this many jobs at once. The slots of a killed process end with its lease, after 15 seconds.</summary>
    /// <param name="name">What the processes share, such as the API that is called.</param>
    /// <param name="slots">1 to 10,000.</param>
    ISidekiqLimitConfigurator Concurrent(string name, int slots);

    /// <summary>
    /// At most this many starts in any period of this length, wherever it begins. Redis remembers each start of a period, in about ten
    /// bytes, for a fortieth longer, so that 97 % of the starts can be used: the rest is for answers that come late.
    /// </summary>
    /// <param name="name">What the processes share, such as the API that is called.</param>
    /// <param name="starts">1 to 10,000; a larger number is a <see cref="Bucket" />, or one of a shorter period.</param>
    /// <param name="period">1 s to 366 days.</param>
    ISidekiqLimitConfigurator Window(string name, int starts, TimeSpan period);

    /// <summary>
    /// A leaky bucket: at most <paramref name="capacity" /> starts at once, and that many per period on average. Any one period may see
    /// nearly twice as many: those of a full bucket, and those that leak meanwhile. Its state is one number.
    /// </summary>
    /// <param name="name">What the processes share, such as the API that is called.</param>
    /// <param name="capacity">1 to 1,000,000,000, at most one per microsecond.</param>
    /// <param name="period">In which a full bucket empties: 100 ms to 366 days.</param>
    ISidekiqLimitConfigurator Bucket(string name, int capacity, TimeSpan period);
}

/// <summary>Configures one limit.</summary>
public interface ISidekiqLimitConfigurator
{
    /// <summary>
    /// A limit of its own for each key: <c>.By&lt;ChargeCard&gt;(m => m.TenantId)</c>. A message whose key is null or empty, and one of which
    /// no type is named here, is not limited. A key costs Redis memory only while it is used. Call it once for each message type.
    /// </summary>
    /// <param name="key">Called before each attempt; what it throws fails the job. A key of more than 200 bytes is stored as its hash.</param>
    ISidekiqLimitConfigurator By<TMessage>(Func<TMessage, object?> key)
        where TMessage : class;
}
