using Npgsql;

namespace MassTransit.Sidekiq.Outbox.Tests;

// A process kills itself, or is killed, between any two steps of a message's way. Three messages with known ids are
// committed behind a transaction that is rolled back.
[Collection(nameof(Alone))]
public class CrashTests
{
    static readonly string[] jids =
    [
        .. Enumerable.Range(1, 3).Select(step => JobId.From(new Guid(step, 0, 0, new byte[8]))),
    ];

    const string Hold = """
        CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER hold AFTER DELETE ON "OutboxState" DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION hold();
        SELECT pg_advisory_lock(1);
        """;

    const string Forget = """
        SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
        DROP TRIGGER hold ON "OutboxState";
        """;

    [Theory]
    [InlineData("staged", "", 0)]
    [InlineData("committed", "", 1)]
    [InlineData("committed", "claimed", 1)]
    [InlineData("committed", "deleted", 1)]
    public async Task Each_committed_message_arrives_and_none_of_another_transaction(
        string writerDies,
        string relayDies,
        int times
    )
    {
        await using var redis = await RedisServer.Lease();
        await using var postgres = await PostgresServer.Lease(
            "crash",
            connection => Application.Create(connection, "redis://none")
        );
        await Die(postgres, redis, "transact", writerDies);
        if (relayDies.Length > 0)
        {
            await Die(postgres, redis, "drain", relayDies);
        }

        await DrainedByAnother(postgres, redis);

        await Arrived(redis, times);
    }

    [Fact]
    public async Task Messages_of_a_relay_that_is_killed_between_push_and_commit_are_pushed_again_with_the_same_ids()
    {
        await using var redis = await RedisServer.Lease();
        await using var postgres = await PostgresServer.Lease(
            "crash",
            connection => Application.Create(connection, "redis://none")
        );
        await Die(postgres, redis, "transact", "committed");

        // Its commit waits for us.
        await using (var connection = new NpgsqlConnection(postgres.ConnectionString + ";Pooling=false"))
        {
            await connection.OpenAsync();
            await Execute(connection, Hold);

            await using var dying = await Application.Start(postgres.ConnectionString, redis.Url, "drain");
            await redis.Until(async redis => (await redis.Queue("work")).Length == 3);
            await dying.Kill();

            // Nor has the server heard of it.
            await Execute(connection, Forget);
        }

        await DrainedByAnother(postgres, redis);

        await Arrived(redis, times: 2);
    }

    static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    static async Task Die(PostgresDatabase postgres, RedisDatabase redis, string role, string point)
    {
        await using var dying = await Application.Start(postgres.ConnectionString, redis.Url, role, point);
        await dying.Exited.InTime();
        Assert.NotEqual(0, dying.ExitCode);
    }

    static async Task DrainedByAnother(PostgresDatabase postgres, RedisDatabase redis)
    {
        await using var healthy = await Application.Start(postgres.ConnectionString, redis.Url, "drain");
        await Until(async () =>
            await Application.Ask<long>(postgres.ConnectionString, "SELECT count(*) FROM \"OutboxMessage\"") == 0
        );
    }

    static async Task Arrived(RedisDatabase redis, int times)
    {
        var jobs = (await redis.Jobs("work")).Select(job => job.Jid());
        Assert.Equal(Enumerable.Repeat(jids, times).SelectMany(copy => copy), jobs);
    }
}
