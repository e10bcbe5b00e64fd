using System.Globalization;

namespace MassTransit.Sidekiq.Outbox.Tests;

// Writers with rollbacks, relays and workers, each a process of its own; all of them, Redis and PostgreSQL are killed or
// emptied in turn, while they work. In the end everything that was committed is completed, and has had its effect once.
// SIDEKIQ_CHAOS_MINUTES makes it longer: a round takes about eight seconds.
[Collection(nameof(Alone))]
public class ChaosTests
{
    [Fact]
    public async Task What_is_committed_is_completed_once_whatever_is_killed()
    {
        // Each harm once, at least.
        var minutes = Environment.GetEnvironmentVariable("SIDEKIQ_CHAOS_MINUTES") is { Length: > 0 } set ? set : "0";
        var rounds = Math.Max(7, 7.5 * double.Parse(minutes, CultureInfo.InvariantCulture));
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        await using var postgres = await PostgresServer.StartOwn();
        await using var shop = await Shop.Open(redis, postgres);

        for (var round = 0; round < rounds; round++)
        {
            await shop.Progress();
            await shop.Harm(round);
        }

        await shop.Progress();
        await shop.StopWriting();
        await shop.AllDone();

        Assert.Equal(0, await shop.Count(Shop.Wrong));
        Assert.Equal(await shop.Count(Shop.Sent), await shop.Count(Shop.Done));
    }

    sealed class Shop(RedisServer redis, PostgresServer postgres) : IAsyncDisposable
    {
        public const string Sent = "SELECT count(*) FROM \"Sent\"";
        public const string Done = "SELECT count(*) FROM \"Done\"";

        // Done twice, or never committed.
        public const string Wrong = """
            SELECT count(*) FROM (SELECT d."Id" FROM "Done" d LEFT JOIN "Sent" s ON s."Id" = d."Id"
            GROUP BY d."Id" HAVING count(*) > 1 OR count(s."Id") = 0) AS wrong
            """;

        const string Missing = """SELECT count(*) FROM "Sent" WHERE "Id" NOT IN (SELECT "Id" FROM "Done")""";
        const string Kept = """SELECT count(*) FROM "OutboxLedger" """;
        const string Writing = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'write'";

        static readonly string[] roles = ["write", "drain,work", "drain,work"];

        readonly ChildProcess[] processes = new ChildProcess[roles.Length];
        readonly string database = $"{postgres.ConnectionString};Database=chaos";

        public static async Task<Shop> Open(RedisServer redis, PostgresServer postgres)
        {
            var shop = new Shop(redis, postgres);
            await Application.Create(shop.database, redis.Open().Url);
            await Task.WhenAll(Enumerable.Range(0, roles.Length).Select(shop.Launch));
            return shop;
        }

        public Task<long> Count(string sql) => Application.Ask<long>(database, sql);

        // Something more is committed, and something more is done, whatever happened before.
        public async Task Progress()
        {
            var (sent, done) = (await Count(Sent), await Count(Done));
            for (var more = 0L; more < 30; )
            {
                var before = more;
                await Until(
                    async () => (more = Math.Min(await Count(Sent) - sent, await Count(Done) - done)) > before,
                    State
                );
            }
        }

        public async Task Harm(int round)
        {
            switch (round % 7)
            {
                case 1:
                    await redis.Kill();
                    await redis.Restart();
                    break;
                case 3:
                    await redis.Open().Flush();
                    break;
                case 4:
                    await postgres.Kill();
                    await postgres.Restart();
                    break;
                case 6:
                    await Task.WhenAll(processes.Select(process => process.Kill()));
                    await redis.Open().Flush();
                    await Task.WhenAll(Enumerable.Range(0, roles.Length).Select(Launch));
                    break;
                default:
                    await processes[round % 3].Kill();
                    await Launch(round % 3);
                    break;
            }
        }

        // Returns when PostgreSQL has ended its last transaction too: a commit may arrive after its writer's death.
        public async Task StopWriting()
        {
            await processes[0].Kill();
            await Until(async () => await Count(Writing) == 0, State);
        }

        public async Task AllDone()
        {
            for (var missing = await Count(Missing); missing > 0; missing = await Count(Missing))
            {
                await Until(async () => await Count(Missing) < missing, State);
            }

            await Until(async () => await Count(Kept) == 0, State);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in processes)
            {
                await process.DisposeAsync();
            }
        }

        async Task Launch(int number)
        {
            var started = await Application.Start(
                $"{database};Timeout=5;Application Name={roles[number]}",
                redis.Open().Url,
                roles[number],
                keeps: true
            );
            if (processes[number] is { } before)
            {
                await before.DisposeAsync();
            }

            processes[number] = started;
        }

        async Task<string> State() =>
            $"sent {await Count(Sent)}, done {await Count(Done)}, missing {await Count(Missing)}, kept {await Count(Kept)}\n"
            + string.Join('\n', processes.Select(process => process.Dump()));
    }
}
