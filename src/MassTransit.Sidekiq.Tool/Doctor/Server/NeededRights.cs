namespace MassTransit.Sidekiq;

// The commands that the transport runs and the keys it runs them on: what an ACL user needs. A test compares the commands with those of
// the scripts.
internal static class NeededRights
{
    // "K" stands for a key.
    static readonly string[] onKeys =
    [
        "BITFIELD K GET u16 0",
        "BRPOPLPUSH K K 1",
        "COPY K K",
        "DEL K",
        "EXISTS K",
        "EXPIRE K 1",
        "GET K",
        "HDEL K f",
        "HEXISTS K f",
        "HGET K f",
        "HGETALL K",
        "HINCRBY K f 1",
        "HKEYS K",
        "HLEN K",
        "HMGET K f",
        "HSCAN K 0",
        "HSET K f v",
        "HSETNX K f v",
        "INCRBY K 1",
        "LINDEX K 0",
        "LLEN K",
        "LMOVE K K LEFT RIGHT",
        "LPOP K",
        "LPUSH K v",
        "LRANGE K 0 0",
        "LREM K 0 v",
        "LTRIM K 0 0",
        "MGET K",
        "PERSIST K",
        "PEXPIRE K 1",
        "PEXPIREAT K 1",
        "PTTL K",
        "RPOP K",
        "RPUSH K v",
        "SADD K v",
        "SCARD K",
        "SET K v",
        "SISMEMBER K v",
        "SMEMBERS K",
        "SMISMEMBER K v",
        "SREM K v",
        "TYPE K",
        "UNLINK K",
        "ZADD K 1 v",
        "ZCARD K",
        "ZCOUNT K 0 1",
        "ZPOPMIN K",
        "ZRANGE K 0 0",
        "ZRANGEBYSCORE K 0 1",
        "ZRANK K v",
        "ZREM K v",
        "ZREMRANGEBYRANK K 0 0",
        "ZREMRANGEBYSCORE K 0 1",
        "ZREVRANGE K 0 0",
        "ZREVRANK K v",
        "ZSCAN K 0",
        "ZSCORE K v",
    ];

    static readonly string[] withoutKeys =
    [
        "CLIENT ID",
        "CLIENT SETNAME x",
        "CLIENT UNBLOCK 1",
        "EVALSHA 0000 0",
        "PING",
        "SCAN 0",
        "SCRIPT LOAD x",
        "TIME",
    ];

    // One of each kind, with the pattern that covers the kind.
    public static readonly IReadOnlyList<(string Key, string Pattern)> Keys =
    [
        ("queues", "queues"),
        ("queue:doctor", "queue:*"),
        ("retry", "retry"),
        ("schedule", "schedule"),
        ("dead", "dead"),
        ("paused", "paused"),
        ("processes", "processes"),
        ("process_cleanup", "process_cleanup"),
        // Those of a process begin with its host: no pattern covers them all but *.
        ("doctor:1:abc", "*"),
        ("stat:processed", "stat:*"),
        ("j|20260101|0:0", "j|*"),
        ("it-doctor", "it-*"),
        ("sidekiq:unique:doctor", "sidekiq:unique:*"),
        ("mt:owners", "mt:*"),
        ("mt:topic:doctor", "mt:*"),
        ("mt:working:doctor:1:abc:doctor", "mt:*"),
    ];

    public static IEnumerable<string> Commands => onKeys.Concat(withoutKeys).Select(Name);

    public static IEnumerable<string[]> WithoutKeys => withoutKeys.Select(line => line.Split(' '));

    public static IEnumerable<string[]> On(string key) =>
        onKeys.Select(line => line.Split(' ').Select(word => word == "K" ? key : word).ToArray());

    // "CLIENT ID" of a line of them.
    public static string Name(string line) =>
        line.Split(' ') is ["CLIENT" or "SCRIPT", var sub, ..] words ? $"{words[0]} {sub}" : line.Split(' ')[0];
}
