using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Every line we log. Event ids never change once released: 1000 Redis, 2000 the process.
internal static partial class LogMessages
{
    // Both ends of an outage are warnings, so that a log without information still shows how long it lasted.
    [LoggerMessage(1000, LogLevel.Warning, "Redis lost at {Address}: fetching paused, sends wait ({Reason})")]
    public static partial void RedisLost(this ILogger logger, string address, string reason);

    [LoggerMessage(1001, LogLevel.Warning, "Redis back at {Address} after {Seconds:0.0} s")]
    public static partial void RedisBack(this ILogger logger, string address, double seconds);

    [LoggerMessage(
        1002,
        LogLevel.Warning,
        "Redis at {Address} evicts keys (maxmemory-policy {Policy}), which silently deletes queued jobs. Set it to noeviction"
    )]
    public static partial void RedisEvicts(this ILogger logger, string address, string policy);

    [LoggerMessage(
        1003,
        LogLevel.Warning,
        "Waiting on queue {Queue} is not possible: {Reason}. Jobs are still fetched, up to a tenth of a second later"
    )]
    public static partial void WaitRefused(this ILogger logger, string queue, string reason);

    [LoggerMessage(1005, LogLevel.Error, "Redis at {Address} takes no writes now ({Reason})")]
    public static partial void WritesRefused(this ILogger logger, string address, string reason);

    [LoggerMessage(1006, LogLevel.Warning, "Redis at {Address} takes writes again, after {Seconds:0.0} s")]
    public static partial void WritesTaken(this ILogger logger, string address, double seconds);

    [LoggerMessage(
        1007,
        LogLevel.Error,
        "Endpoint {Endpoint} takes no jobs: {Reason}. It tries again every few seconds"
    )]
    public static partial void EndpointRefused(this ILogger logger, Exception fault, Uri endpoint, string reason);

    [LoggerMessage(1008, LogLevel.Warning, "Endpoint {Endpoint} takes jobs again")]
    public static partial void EndpointServed(this ILogger logger, Uri endpoint);

    // The first attempts of a process: a host that is misspelled looks like one that is down.
    [LoggerMessage(
        1009,
        LogLevel.Warning,
        "Redis not reached at {Address} since this process started: nothing is fetched, sends wait ({Reason}). It is tried again by itself; if Redis runs, check host, port, TLS and firewall"
    )]
    public static partial void RedisNotReached(this ILogger logger, string address, string reason);

    [LoggerMessage(1010, LogLevel.Warning, "Redis reached at {Address} for the first time, after {Seconds:0.0} s")]
    public static partial void RedisReached(this ILogger logger, string address, double seconds);

    [LoggerMessage(
        1011,
        LogLevel.Warning,
        "Database {Database} of Redis at {Address} holds no queues, and these do: {Others}. If Ruby or another service works in one of them, the two never meet: set Database, or the end of the URL (redis://host:6379/<number>), to that of Ruby"
    )]
    public static partial void QueuesElsewhere(this ILogger logger, int database, string address, string others);

    [LoggerMessage(
        1012,
        LogLevel.Information,
        "A killed process is found when its lease ends, after {Seconds:0} s, and not within three: Redis does not tell which connections are open ({Reason}). Allow the command CLIENT LIST to its user"
    )]
    public static partial void DeathsUnseen(this ILogger logger, double seconds, string reason);

    [LoggerMessage(
        1013,
        LogLevel.Information,
        "Killed processes are found within three seconds again: Redis tells which connections are open"
    )]
    public static partial void DeathsSeen(this ILogger logger);

    [LoggerMessage(2000, LogLevel.Information, "Quiet, requested by {By}: no more jobs are fetched, {Count} still run")]
    public static partial void Quieted(this ILogger logger, int count, string by);

    [LoggerMessage(2001, LogLevel.Information, "The host stops, requested by {By}")]
    public static partial void StopRequested(this ILogger logger, string by);

    [LoggerMessage(2002, LogLevel.Warning, "Job {JobId} ({Class}) of queue {Queue} has run for {Seconds:0.0} s")]
    public static partial void Runs(this ILogger logger, string? jobId, string? @class, string queue, double seconds);

    [LoggerMessage(
        2003,
        LogLevel.Information,
        "Too late to cancel the job scheduled as {Token}: it has left the schedule"
    )]
    public static partial void TooLateToCancel(this ILogger logger, Guid token);

    [LoggerMessage(
        2004,
        LogLevel.Warning,
        "Thread pool starvation: work waits {Seconds:0.0} s for a thread while {Threads} are busy or blocked, so jobs settle late. Threads are added, up to {Limit}. Let consumers await instead of blocking, or lower ConcurrentMessageLimit"
    )]
    public static partial void PoolIsLate(this ILogger logger, double seconds, int threads, int limit);

    [LoggerMessage(
        2005,
        LogLevel.Information,
        "Thread pool starvation has ended, after {Seconds:0.0} s, with {Threads} threads"
    )]
    public static partial void PoolIsInTime(this ILogger logger, double seconds, int threads);

    [LoggerMessage(
        2006,
        LogLevel.Error,
        "A job of queue {Queue} has ended, and Redis refuses to move it: {Reason} It stays claimed and is tried again every few seconds, like all that follow it"
    )]
    public static partial void SettlementRefused(this ILogger logger, string queue, string reason);

    [LoggerMessage(2007, LogLevel.Warning, "The jobs whose move Redis had refused have been moved")]
    public static partial void SettlementsTaken(this ILogger logger);

    [LoggerMessage(
        2008,
        LogLevel.Warning,
        "Published before this bus's own endpoints have subscribed: after {Seconds:0} s {Endpoints} had not, and get only what is published later. Publish when the bus has started: register the publishing service after AddMassTransit"
    )]
    public static partial void PublishedTooEarly(this ILogger logger, double seconds, string endpoints);

    [LoggerMessage(
        2010,
        LogLevel.Warning,
        "The clock of this machine is {Seconds:0.0} s {Direction} Redis's at {Address}: scheduled jobs run at the wrong time. Synchronize both machines by NTP"
    )]
    public static partial void ClockIsWrong(this ILogger logger, double seconds, string direction, string address);

    [LoggerMessage(
        2012,
        LogLevel.Debug,
        "Job class {Class} was not sent to queue {Queue}: job {JobId} with the same arguments is unique"
    )]
    public static partial void NotUnique(this ILogger logger, string @class, string queue, string jobId);

    [LoggerMessage(2011, LogLevel.Information, "The clock of this machine agrees with Redis's at {Address} again")]
    public static partial void ClockIsRight(this ILogger logger, string address);

    [LoggerMessage(
        2013,
        LogLevel.Debug,
        "Job {JobId} ({Class}) of queue {Queue} waits until {Due:O}, for limit {Limits}"
    )]
    public static partial void Limited(
        this ILogger logger,
        string? jobId,
        string? @class,
        string queue,
        DateTimeOffset due,
        string limits
    );

    [LoggerMessage(
        2014,
        LogLevel.Warning,
        "Limit {Name} is {Now} from now on, in all processes: it was {Before}. If they change it in turn, different versions or applications define it differently: rename one"
    )]
    public static partial void LimitChanged(this ILogger logger, string name, string now, string before);

    [LoggerMessage(
        2015,
        LogLevel.Warning,
        "Message type {Class} was published to topic {Topic}, to which no queue subscribes: it is dropped, as on an exchange without a binding. Start its consumer once, which subscribes its queue for good, or send to a queue. Logged once for each topic, counted as sidekiq.publish.unrouted"
    )]
    public static partial void Unrouted(this ILogger logger, string @class, string topic);
}
