namespace MassTransit.Sidekiq;

// All that is read and changed in Redis, by subject, over the connections of one process.
internal sealed class RedisStores(RedisConnection redis, RedisKeys keys, DeadSet dead)
{
    public RedisConnection Redis { get; } = redis;

    public RedisKeys Keys { get; } = keys;

    public BatchStore Batches { get; init; } = new(redis, keys);

    public CancelStore Cancels { get; } = new(redis, keys);

    public ClaimStore Claims { get; } = new(redis, keys, dead);

    public CompletionStore Completions { get; } = new(redis, keys);

    public DatabaseReader Databases { get; } = new(redis, keys);

    public DueJobStore DueJobs { get; } = new(redis, keys, dead);

    public InspectionStore Inspection { get; } = new(redis, keys);

    public IterationStore Iterations { get; } = new(redis, keys);

    public JobStore Jobs { get; init; } = new(redis, keys);

    public LeaseStore Leases { get; } = new(redis, keys, dead);

    public LimitStore Limits { get; init; } = new(redis, keys);

    public LockStore Locks { get; } = new(redis, keys);

    public MetricsStore Metrics { get; } = new(redis, keys);

    public OwnerReader Owners { get; } = new(redis, keys);

    public PeriodicStore Periodic { get; } = new(redis, keys);

    public ProcessStore Processes { get; } = new(redis, keys);

    public JobSearch Search { get; } = new(redis, keys);

    public RightsReader Rights { get; } = new(redis);

    public StatStore Stats { get; } = new(redis, keys);

    public TiedJobStore Tied { get; init; } = new(redis, keys);

    public TopicReader TopicReader { get; } = new(redis, keys);

    public TopicStore Topics { get; init; } = new(redis, keys);

    public WatchStore Watch { get; } = new(redis, keys);
}
