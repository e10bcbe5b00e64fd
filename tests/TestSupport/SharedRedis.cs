using System.Globalization;
using System.Net;
using System.Threading.Channels;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// The server that the tests of an assembly share: one of ours, or the one that SIDEKIQ_TEST_REDIS names ("host:port" or a whole
/// configuration string of StackExchange.Redis). On a server that is not ours, a test takes only a database that is empty, and
/// notes so in database 0, which no test gets.
/// </summary>
sealed class SharedRedis
{
    static readonly Lazy<Task<SharedRedis>> Shared = new(Start);

    readonly RedisServer? own;
    readonly ConnectionMultiplexer connection;
    readonly RedisAddress address;
    readonly Channel<int> free = Channel.CreateUnbounded<int>();

    SharedRedis(RedisServer? own, ConnectionMultiplexer connection, RedisAddress address, IEnumerable<int> databases)
    {
        (this.own, this.connection, this.address) = (own, connection, address);
        foreach (var number in databases)
        {
            free.Writer.TryWrite(number);
        }
    }

    public static async Task<RedisDatabase> Lease() => await (await Shared.Value).LeaseOne();

    public static async Task Stop()
    {
        if (!Shared.IsValueCreated || !Shared.Value.IsCompletedSuccessfully)
        {
            return;
        }

        var shared = await Shared.Value;
        if (shared.own is not null)
        {
            await shared.own.DisposeAsync();
        }

        shared.connection.Dispose();
    }

    static async Task<SharedRedis> Start()
    {
        var foreign = Environment.GetEnvironmentVariable("SIDEKIQ_TEST_REDIS");
        if (string.IsNullOrEmpty(foreign))
        {
            var server = await RedisServer.StartOwn();
            return new SharedRedis(
                server,
                await server.Connect(),
                server.Address,
                Enumerable.Range(0, RedisServer.Databases)
            );
        }

        var configuration = ConfigurationOptions.Parse(foreign);
        configuration.AllowAdmin = true;
        var connection = await ConnectionMultiplexer.ConnectAsync(configuration).InTime();
        var setting = (string[])(await connection.GetDatabase(0).ExecuteAsync("CONFIG", "GET", "databases"))!;
        var count = int.Parse(setting[1], CultureInfo.InvariantCulture);
        var (host, port) = configuration.EndPoints[0] switch
        {
            DnsEndPoint name => (name.Host, name.Port),
            IPEndPoint number => (number.Address.ToString(), number.Port),
            var other => throw new NotSupportedException(
                $"SIDEKIQ_TEST_REDIS names '{other}', which is not host:port."
            ),
        };
        var address = new RedisAddress(host, port, configuration.Password);
        return new SharedRedis(null, connection, address, Enumerable.Range(1, count - 1));
    }

    async Task<RedisDatabase> LeaseOne()
    {
        while (true)
        {
            var number = await free
                .Reader.ReadAsync()
                .AsTask()
                .InTime("a database is free (tests dispose their leases)");
            var database = new RedisDatabase(() => connection, address, number, () => Return(number));
            if (own is not null)
            {
                await database.Flush();
                return database;
            }

            if (await Claim(number, database))
            {
                return database;
            }
        }
    }

    async Task<bool> Claim(int number, RedisDatabase database)
    {
        var claims = connection.GetDatabase(0);
        var expiry = TimeSpan.FromMinutes(15);
        if (!await claims.StringSetAsync(ClaimKey(number), Environment.ProcessId, expiry, When.NotExists))
        {
            return false;
        }

        if (await database.IsEmpty())
        {
            return true;
        }

        await claims.KeyDeleteAsync(ClaimKey(number));
        return false;
    }

    async ValueTask Return(int number)
    {
        if (own is null)
        {
            await connection.GetDatabase(number).ExecuteAsync("FLUSHDB");
            await connection.GetDatabase(0).KeyDeleteAsync(ClaimKey(number));
        }

        free.Writer.TryWrite(number);
    }

    static string ClaimKey(int number) => $"sidekiq-tests:lease:{number}";
}

/// <summary>Where a server listens, and its password.</summary>
public sealed record RedisAddress(string Host, int Port, string? Password = null);
