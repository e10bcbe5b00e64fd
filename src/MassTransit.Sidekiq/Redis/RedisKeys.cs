using System.Collections.Concurrent;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Every key we touch, with its Redis type. The prefix applies to keys only: the members of a set have none, as with
// redis-namespace. `identity` is this process: "host:pid:nonce".
internal sealed class RedisKeys(string prefix, string identity)
{
    // The value of a temporary queue's subscription. It receives the message's own class.
    public const string TemporarySubscriber = "temporary";

    // Responses go to the temporary queue of every caller ever met, so the cache evicts instead of growing.
    const int MostQueues = 4096;

    readonly ConcurrentDictionary<string, QueueKeys> queues = new(StringComparer.Ordinal);

    public string Prefix { get; } = prefix;

    public string Identity { get; } = identity;

    // Sidekiq's
    public RedisKey Queues { get; } = prefix + "queues"; // SET of bare queue names
    public RedisKey Schedule { get; } = prefix + "schedule"; // ZSET job -> due, float seconds
    public RedisKey Retry { get; } = prefix + "retry"; // ZSET job -> next attempt
    public RedisKey Dead { get; } = prefix + "dead"; // ZSET job or unreadable entry -> time of death
    public RedisKey Paused { get; } = prefix + "paused"; // SET of bare queue names
    public RedisKey Processes { get; } = prefix + "processes"; // SET of identities
    public RedisKey Process { get; } = prefix + identity; // HASH that describes the process, with EX
    public RedisKey Work { get; } = prefix + identity + ":work"; // HASH thread -> job that runs, with EX
    public RedisKey Workers { get; } = prefix + identity + ":workers"; // The same, as Sidekiq up to 6.4.1 calls it
    public RedisKey Signals { get; } = prefix + identity + "-signals"; // LIST of signals from the Web UI, with EX
    public RedisKey ProcessCleanup { get; } = prefix + "process_cleanup"; // STRING with EX: a process has pruned the processes

    public RedisKey ProcessOf(string owner) => Prefix + owner;

    public RedisKey SignalsOf(string owner) => Prefix + owner + "-signals";

    public RedisKey Stat(string stat) => Prefix + "stat:" + stat; // STRING counter

    public RedisKey StatOfDay(string stat, string day) => Prefix + "stat:" + stat + ":" + day; // STRING counter with EX

    public RedisKey JobMetrics(string minute) => Prefix + "j|" + minute; // HASH class|p, class|f, class|ms -> count, with EX

    public RedisKey Histogram7(string job, string minute) => Prefix + job + "-" + minute; // STRING bitfield of 26 u16, with EX

    public RedisKey Histogram8(string job, string minute) => Prefix + "h|" + job + "-" + minute; // the same, as Sidekiq 8 names it

    public RedisKey Iteration(string jid) => Prefix + "it-" + jid; // HASH ex, c, rt, mt.done, mt.total of an iterable job, cancelled of any, with EX

    public RedisKey Marks(string day) => Prefix + day + "-marks"; // HASH minute -> label of a deploy, with EX

    public RedisKey DeployLock(string label) => Prefix + "deploylock-" + label; // STRING with EX: this label was marked

    // Another client's: rusty-sidekiq's, which leaves the value empty
    public RedisKey Unique(string @lock) => Prefix + "sidekiq:unique:" + @lock; // STRING with PX: jid of the job that holds the lock

    // Ours
    public RedisKey Owners { get; } = prefix + "mt:owners"; // SET of "identity|queue" that may have claims
    public RedisKey Rescuer { get; } = prefix + "mt:rescuer"; // STRING with PX: "identity connection" of the process that looks for dead ones
    public RedisKey Temporaries { get; } = prefix + "mt:temporaries"; // ZSET of queues that are or were temporary -> last kept

    public RedisKey Polling { get; } = prefix + "mt:polling"; // STRING with PX: the process that moves what is due
    public RedisKey Periodic { get; } = prefix + "mt:periodic"; // ZSET id of a periodic job -> when it is due
    public RedisKey PeriodicJobs { get; } = prefix + "mt:periodic:jobs"; // HASH id -> the periodic job
    public RedisKey PeriodicLast { get; } = prefix + "mt:periodic:last"; // HASH id -> time of the last run
    public RedisKey Batches { get; } = prefix + "mt:batches"; // ZSET id of a batch -> when it was started
    public RedisKey Epoch { get; } = prefix + "mt:epoch"; // STRING: missing only when Redis lost its data

    public RedisKey Alive { get; } = prefix + "mt:alive:" + identity; // STRING with PX: this process's lease, the ids of its connections

    public RedisKey Limits { get; } = prefix + "mt:limits"; // HASH name -> "kind most period declared", with EX

    public RedisKey PeriodicRuns(string id) => Prefix + "mt:periodic:runs:" + id; // LIST of the last runs, the newest first

    public QueueKeys Queue(string name)
    {
        if (queues.TryGetValue(name, out var keys))
        {
            return keys;
        }

        if (queues.Count >= MostQueues)
        {
            queues.Clear();
        }

        return queues.GetOrAdd(name, name => new QueueKeys(this, name));
    }

    public RedisKey Topic(string entity) => Prefix + "mt:topic:" + entity; // HASH subscription -> job class

    public RedisKey Implements(string entity) => Prefix + "mt:implements:" + entity; // SET of parent entities

    public RedisKey AliveOf(string owner) => Prefix + "mt:alive:" + owner; // STRING with PX

    public RedisKey Working(string owner, string queue) => Prefix + "mt:working:" + owner + ":" + queue; // HASH delivery number -> job

    public RedisKey Landing(string owner, string queue) => Prefix + "mt:landing:" + owner + ":" + queue; // LIST of at most a few jobs

    public RedisKey Token(Guid token) => Prefix + "mt:token:" + token.ToString("D"); // STRING with PXAT: score in schedule

    public RedisKey Temporary(string queue) => Prefix + "mt:temporary:" + queue; // STRING with PX: a temporary queue's life

    public RedisKey Completed(string ledger) => Prefix + "mt:completed:" + ledger; // ZSET of jids, or "jid:dead" -> when

    public RedisKey Batch(string bid) => Prefix + "mt:batch:" + bid; // HASH that describes the batch, with EX

    public RedisKey BatchJobs(string bid) => Prefix + "mt:batch:" + bid + ":open"; // HASH jid -> state of a job, with EX

    public RedisKey Keeper(string ledger) => Prefix + "mt:keeper:" + ledger; // STRING with PX: the process that keeps the ledger

    // `id` is the name of a limit, and ":" and the key that it has a limit of its own for
    public RedisKey Limit(string id) => Prefix + "mt:limit:" + id; // ZSET holder -> end of its slot; LIST of starts; STRING: full until; with PX

    public RedisKey LimitLine(string id) => Prefix + "mt:limit-line:" + id; // HASH first, again, took, with PXAT

    public RedisKey LimitWaiting(string id) => Prefix + "mt:limit-waiting:" + id; // ZSET queue and jid -> score in schedule, with PXAT

    public RedisKey LimitKeys(string name) => Prefix + "mt:limit-keys:" + name; // ZSET key -> when it is forgotten, with PXAT

    public RedisKey WorkOf(string owner) => Prefix + owner + ":work"; // HASH thread -> job that runs

    public RedisKey WorkersOf(string owner) => Prefix + owner + ":workers"; // HASH, the same

    public string PoisonPrefix => Prefix + "mt:poison:"; // + jid: STRING counter with PX

    public RedisKey Poison(string jid) => PoisonPrefix + jid;
}

// The keys of one queue, encoded once: 70,000 pushes a second use them.
internal sealed class QueueKeys(RedisKeys keys, string name)
{
    public string Name { get; } = name;

    public RedisKey List { get; } = Bytes(keys.Prefix + "queue:" + name); // LIST of jobs, the next one at the right

    public RedisKey Working { get; } = Bytes(keys.Working(keys.Identity, name));

    public RedisKey Landing { get; } = Bytes(keys.Landing(keys.Identity, name));

    public RedisKey Temporary { get; } = Bytes(keys.Temporary(name));

    public RedisValue Member { get; } = System.Text.Encoding.UTF8.GetBytes(name);

    static RedisKey Bytes(string? key) => System.Text.Encoding.UTF8.GetBytes(key!);
}
