using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Embedded;

/// <summary>Where Garnet differs from Redis, the embedded server does not: each is asked the same.</summary>
public sealed class EmbeddedDialectTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("sidekiq-embedded-").FullName;

    static readonly string[] scripts =
    [
        "return {redis.call('RPOP', 'absent', 3), redis.call('LPOP', 'absent', 3)}",
        "redis.call('RPUSH', 'l', 1) return redis.call('RPOP', 'l', 5)",
        "redis.call('RPUSH', 'l', 1, 2, 3) return {redis.call('LPOP', 'l', 2), redis.call('RPOP', 'l', 1)}",
        "redis.call('SET', 's', 'v', 'PXAT', '99999999999999') return redis.call('PTTL', 's') > 0",
        "redis.call('SET', 's', 'v', 'EXAT', '99999999999') return {redis.call('GET', 's'), redis.call('TTL', 's') > 0}",
        "redis.call('SET', 's', 'a') return {redis.call('SET', 's', 'b', 'PXAT', '99999999999999', 'NX'), redis.call('PTTL', 's')}",
        "redis.call('HSET', 'h', 'a', 1) return {redis.call('COPY', 'h', 'g'), redis.call('COPY', 'h', 'g'), redis.call('HGETALL', 'g')}",
        "redis.call('HSET', 'h', 'a', 1) redis.call('HSET', 'g', 'b', 2) return {redis.call('COPY', 'h', 'g', 'REPLACE'), redis.call('HGETALL', 'g')}",
        "return redis.call('COPY', 'absent', 'g')",
        "redis.call('SET', 'n', 6 / 3) redis.call('SET', 'm', 2 ^ 53) return redis.call('MGET', 'n', 'm')",
        "redis.call('SET', 'n', 0.1) return redis.call('GET', 'n')",
        "return {tonumber('inf') == math.huge, tonumber('-Infinity') == -math.huge, tonumber('ff', 16), tonumber('x') == nil}",
        "redis.call('SET', 's', 1) return string.sub(redis.pcall('LPUSH', 's', 1).err, 1, 9)",
        "return {redis.sha1hex('a'), cjson.decode('{\"a\":[1,2]}').a[2], type(redis.log)}",
    ];

    [Fact]
    public async Task Script_answers_as_in_Redis()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var server = await EmbeddedProcess.Start(folder);
        await using var embedded = await server.Connect();
        var (theirs, ours) = (redis.Open().Db, embedded.GetDatabase());

        foreach (var script in scripts)
        {
            await theirs.ExecuteAsync("FLUSHDB");
            await ours.ExecuteAsync("FLUSHDB");

            Assert.Equal(
                $"{script} {Print(await theirs.ScriptEvaluateAsync(script))}",
                $"{script} {Print(await ours.ScriptEvaluateAsync(script))}"
            );
        }
    }

    [Fact]
    public async Task Command_answers_as_in_Redis()
    {
        await using var redis = await RedisServer.StartOwn();
        await using var server = await EmbeddedProcess.Start(folder);
        await using var embedded = await server.Connect();
        string[] commands =
        [
            "SET s v PXAT 99999999999999",
            "RPUSH l a",
            "RPOP l 3",
            "RPOP l 3",
            "HSET h f v",
            "COPY h g",
            "SCRIPT EXISTS 0000000000000000000000000000000000000000",
            "BRPOPLPUSH absent to 0.01",
            "BLMOVE absent to LEFT RIGHT 0.01",
            "RPUSH l a b c",
            "BRPOPLPUSH l to 1",
            "BLMOVE l to LEFT RIGHT 1",
            "BRPOP absent l 1",
            "BLPOP absent l 0.01",
            "LRANGE to 0 -1",
        ];

        foreach (var command in commands)
        {
            var words = command.Split(' ');
            var expected = await redis.Open().Db.ExecuteAsync(words[0], words[1..]);
            var answer = await embedded.GetDatabase().ExecuteAsync(words[0], words[1..]);
            Assert.Equal($"{command} {Print(expected)}", $"{command} {Print(answer)}");
        }
    }

    [Fact]
    public async Task Transaction_runs_its_commands_together_and_scripts_in_it()
    {
        await using var server = await EmbeddedProcess.Start(folder);
        await using var embedded = await server.Connect();
        var transaction = embedded.GetDatabase().CreateTransaction();
        var count = transaction.StringIncrementAsync("n");
        var script = transaction.ScriptEvaluateAsync("return redis.call('COPY', 'absent', 'to')");

        Assert.True(await transaction.ExecuteAsync().InTime());

        Assert.Equal(1, await count);
        Assert.Equal(0, (int)await script);
    }

    [Fact]
    public async Task Wait_ends_when_an_element_comes_and_when_another_client_unblocks_it()
    {
        await using var server = await EmbeddedProcess.Start(folder);
        await using var waiting = await server.Connect();
        await using var other = await server.Connect();
        var id = (long)await waiting.GetDatabase().ExecuteAsync("CLIENT", "ID");

        var element = waiting.GetDatabase().ExecuteAsync("BRPOPLPUSH", "from", "to", "0");
        await other.GetDatabase().ListLeftPushAsync("from", "x");
        Assert.Equal("x", (string?)await element.InTime());

        var nothing = waiting.GetDatabase().ExecuteAsync("BRPOPLPUSH", "from", "to", "0");
        await Until(async () => (int)await other.GetDatabase().ExecuteAsync("CLIENT", "UNBLOCK", id) == 1);
        Assert.True((await nothing.InTime()).IsNull);
    }

    [Fact]
    public async Task Subscriber_gets_what_is_published()
    {
        await using var server = await EmbeddedProcess.Start(folder);
        await using var one = await server.Connect();
        await using var other = await server.Connect();
        var heard = new Seen<string>();
        await one.GetSubscriber()
            .SubscribeAsync(RedisChannel.Literal("news"), (_, message) => heard.Add(message.ToString()));

        await other.GetSubscriber().PublishAsync(RedisChannel.Literal("news"), "hello");

        Assert.Equal("hello", await heard.Next());
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    static string Print(RedisResult result) =>
        result.IsNull ? "nothing"
        : result.Length >= 0 ? $"[{string.Join(", ", ((RedisResult[])result!).Select(Print))}]"
        : result.ToString();
}
