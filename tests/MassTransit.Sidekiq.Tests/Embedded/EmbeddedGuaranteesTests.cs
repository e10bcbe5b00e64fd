using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Embedded;

/// <summary>What Redis promises by running one script at a time, and docs/embedded.md promises of the embedded server.</summary>
public sealed class EmbeddedGuaranteesTests : IDisposable
{
    // It finds its keys as it runs, as scripts of ours do.
    const string Move = """
        local from = redis.call('GET', 'from') or 'a'
        local to = from == 'a' and 'b' or 'a'
        for _ = 1, 50 do
          local element = redis.call('RPOP', 'list:' .. from)
          if element then
            redis.call('LPUSH', 'list:' .. to, element)
          end
        end
        redis.call('SET', 'from', to)
        return redis.call('INCRBY', 'moves', 1)
        """;

    const string Count = "return redis.call('LLEN', 'list:a') + redis.call('LLEN', 'list:b')";

    readonly string folder = Directory.CreateTempSubdirectory("sidekiq-embedded-").FullName;

    [Fact]
    public async Task Script_is_one_step_for_all_others_whichever_keys_it_touches()
    {
        await using var server = await EmbeddedProcess.Start(folder);
        await using var mover = await server.Connect();
        await using var reader = await server.Connect();
        await mover.GetDatabase().ListRightPushAsync("list:a", Elements(100));

        // Both are on their way before the first answer.
        var moves = Enumerable.Range(0, 400).Select(_ => mover.GetDatabase().ScriptEvaluateAsync(Move)).ToList();
        var counts = Enumerable.Range(0, 400).Select(_ => reader.GetDatabase().ScriptEvaluateAsync(Count)).ToList();

        Assert.All(await Task.WhenAll(counts).InTime(), count => Assert.Equal(100, (int)count));
        await Task.WhenAll(moves).InTime();
    }

    [Fact]
    public async Task Kill_loses_nothing_that_was_answered_and_leaves_no_half_of_a_script()
    {
        var acknowledged = 0L;
        await using (var server = await EmbeddedProcess.Start(folder))
        {
            await using var client = await server.Connect();
            await client.GetDatabase().ListRightPushAsync("list:a", Elements(100));
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var moving = Enumerable.Range(0, 4).Select(_ => KeepMoving(client)).ToList();
            await enough.Task.InTime("200 moves");
            await server.Kill();
            await Task.WhenAll(moving).InTime();

            async Task KeepMoving(ConnectionMultiplexer connection)
            {
                try
                {
                    while (true)
                    {
                        var moves = (long)await connection.GetDatabase().ScriptEvaluateAsync(Move);
                        Interlocked.Exchange(ref acknowledged, Math.Max(moves, Interlocked.Read(ref acknowledged)));
                        if (moves > 200)
                        {
                            enough.TrySetResult();
                        }
                    }
                }
                catch (RedisException)
                {
                    // Killed.
                }
                catch (TimeoutException)
                {
                    // Killed between question and answer.
                }
            }
        }

        await using var restarted = await EmbeddedProcess.Start(folder);
        await using var after = await restarted.Connect();

        Assert.InRange((long)await after.GetDatabase().StringGetAsync("moves"), acknowledged, long.MaxValue);
        Assert.Equal(100, (int)await after.GetDatabase().ScriptEvaluateAsync(Count));
    }

    [Fact]
    public async Task Second_process_on_a_folder_ends_with_an_error()
    {
        await using var first = await EmbeddedProcess.Start(folder);

        await using var second = EmbeddedProcess.Launch(folder);
        await second.Exited.InTime();

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains(
            "One process uses a folder at a time",
            string.Join('\n', second.Lines),
            StringComparison.Ordinal
        );
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    static RedisValue[] Elements(int count) => [.. Enumerable.Range(1, count).Select(i => (RedisValue)i)];
}
