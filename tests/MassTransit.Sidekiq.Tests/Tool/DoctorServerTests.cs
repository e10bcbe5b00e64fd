using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MassTransit.Sidekiq.Tests.Tool;

/// <summary>What the doctor says of a server, each provoked on a real one.</summary>
public sealed class DoctorServerTests
{
    [Fact]
    public async Task Server_that_is_not_there_is_told_from_a_host_that_is_not_and_from_one_that_is_no_Redis()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        using var end = new CancellationTokenSource();
        other.Start();
        var closing = CloseAll(other, end.Token);

        var nobody = await On($"redis://127.0.0.1:{FreePort.Next()}/0", "redis");
        var nowhere = await On("redis://nowhere.invalid:6379/0", "redis");
        var stranger = await On($"redis://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}/0", "redis");
        await end.CancelAsync();
        await closing;

        Told(nobody, Verdict.Error, "cannot be reached (ConnectionRefused)", "Nothing listens there");
        Told(nowhere, Verdict.Error, "nowhere.invalid:6379", "No machine has this name");
        Told(stranger, Verdict.Error, "accepts connections, and does not answer as Redis", "rediss://");
    }

    [Fact]
    public async Task Refused_password_is_told_from_a_database_that_is_not_there()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Password = "sesame" });
        var at = $"127.0.0.1:{server.Port}";

        Told(await On($"redis://:wrong@{at}/0", "redis"), Verdict.Error, "does not accept", "redis://:password@");
        Told(await On($"redis://{at}/0", "redis"), Verdict.Error, "does not accept", "redis://:password@");
        Told(await On($"redis://:sesame@{at}/600", "redis"), Verdict.Error, "has no database 600", "databases");
        Told(await On($"redis://:sesame@{at}/5", "redis"), Verdict.Ok, "database 5 answers within");
    }

    [Fact]
    public async Task Missing_rights_are_named_with_the_words_that_grant_them()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions
            {
                Users =
                [
                    "noblock on >secret ~* &* +@all -brpoplpush -client|unblock",
                    "onlyqueues on >secret ~queue:* ~queues &* +@all",
                    "reader on >secret %R~* &* +@all",
                    "noscripts on >secret ~* &* +@all -evalsha -script|load",
                    "blind on >secret ~* &* +@all -info -config",
                    "prefixed on >secret ~app:* &* +@all",
                ],
            }
        );
        string As(string user) => $"redis://{user}:secret@127.0.0.1:{server.Port}/0";

        Told(
            await On(As("noblock"), "rights"),
            Verdict.Error,
            "This user may not run BRPOPLPUSH, CLIENT UNBLOCK.",
            "ACL SETUSER <user> +brpoplpush +client|unblock"
        );
        var keys = await On(As("onlyqueues"), "rights");
        Told(keys, Verdict.Error, "the keys retry, schedule", "~retry ~schedule");
        Assert.Contains("~mt:*", keys.WayOut, StringComparison.Ordinal);
        Assert.DoesNotContain("queue:", keys.Fact, StringComparison.Ordinal);
        Told(await On(As("onlyqueues"), "dead set"), Verdict.Warning, "Not examined", "check of the rights");
        Told(await On(As("onlyqueues"), "redis"), Verdict.Warning, "refuses some commands", "check of the rights");
        Told(await On(As("reader"), "rights"), Verdict.Error, "DEL", "+del");
        Told(await On(As("noscripts"), "rights"), Verdict.Error, "may not run scripts", "+evalsha and +script|load");
        Told(await On(As("blind"), "memory"), Verdict.Warning, "(INFO)", "+info");
        Told(await On(As("prefixed"), "rights"), Verdict.Error, "none of the keys", "~*");
        Told(await On(As("prefixed"), "rights", "--key-prefix", "app:"), Verdict.Ok, "may run all");
        Told(await On($"redis://127.0.0.1:{server.Port}/0", "rights"), Verdict.Ok, "may run all");
    }

    [Fact]
    public void Rights_are_asked_for_each_command_of_the_scripts()
    {
        var used = Repository
            .Files("src/MassTransit.Sidekiq", "*.lua")
            .SelectMany(script =>
                System.Text.RegularExpressions.Regex.Matches(
                    script.Text,
                    @"(?:call\(\s*|\band |\bor |\{ )'([A-Z]{3,})'"
                )
            )
            .Select(call => call.Groups[1].Value)
            // Where they are not allowed, other databases are not looked into; and a word of BITFIELD.
            .Except(["INFO", "SELECT", "OVERFLOW"])
            .Distinct()
            .ToList();

        Assert.True(used.Count > 40);
        Assert.Empty(used.Except(NeededRights.Commands));
    }

    [Fact]
    public async Task Server_that_evicts_or_is_nearly_full_is_told()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { Lines = ["maxmemory-policy allkeys-lru"] }
        );
        var redis = server.Open();

        Told(await ToolRunner.Finding(redis, "memory"), Verdict.Error, "allkeys-lru", "maxmemory-policy noeviction");

        await redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        Told(await ToolRunner.Finding(redis, "memory"), Verdict.Ok, "no limit");

        await redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "100mb");
        Told(await ToolRunner.Finding(redis, "memory"), Verdict.Ok, "of 100.0 MB used");

        var used = (string)(await redis.Db.ExecuteAsync("INFO", "memory"))!;
        var bytes = long.Parse(
            used.Split('\n').Single(line => line.StartsWith("used_memory:", StringComparison.Ordinal)).Split(':')[1],
            CultureInfo.InvariantCulture
        );
        await redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", bytes * 11 / 10);
        Told(await ToolRunner.Finding(redis, "memory"), Verdict.Warning, "used", "Raise maxmemory");
    }

    [Theory]
    [InlineData(false, "", nameof(Verdict.Error), "a restart of Redis loses every job", "appendonly yes")]
    [InlineData(false, "save 3600 1", nameof(Verdict.Warning), "Snapshots only", "appendonly yes")]
    [InlineData(true, "", nameof(Verdict.Ok), "appendfsync always", null)]
    [InlineData(true, "appendfsync everysec", nameof(Verdict.Ok), "about a second", null)]
    [InlineData(true, "appendfsync no", nameof(Verdict.Warning), "appendfsync no", "appendfsync everysec")]
    public async Task What_a_crash_loses_is_told(bool append, string line, string verdict, string fact, string? way)
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { AppendOnly = append, Lines = line.Length > 0 ? [line] : [] }
        );

        Told(await ToolRunner.Finding(server.Open(), "persistence"), Enum.Parse<Verdict>(verdict), fact, way);
    }

    [Fact]
    public async Task Disk_that_refuses_a_snapshot_is_told()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { Lines = ["save 3600 1"] });
        var redis = server.Open();
        Directory.CreateDirectory(Path.Combine(server.Folder, "dump.rdb"));
        await redis.Db.ExecuteAsync("BGSAVE");
        await Until(async () =>
            ((string)(await redis.Db.ExecuteAsync("INFO", "persistence"))!).Contains(
                "rdb_last_bgsave_status:err",
                StringComparison.Ordinal
            )
        );

        Told(
            await ToolRunner.Finding(redis, "persistence"),
            Verdict.Error,
            "rdb_last_bgsave_status is err",
            "full disk"
        );
    }

    [Fact]
    public async Task Replica_is_told_from_its_primary()
    {
        await using var primary = await RedisServer.StartOwn();
        await using var replica = await RedisServer.StartOwn(
            new RedisServerOptions { Lines = [$"replicaof 127.0.0.1 {primary.Port}"] }
        );
        await Until(async () =>
            ((string)(await primary.Open().Db.ExecuteAsync("INFO", "replication"))!).Contains(
                "state=online",
                StringComparison.Ordinal
            )
        );

        Told(await ToolRunner.Finding(primary.Open(), "role"), Verdict.Ok, "the primary, with 1 replica");
        Told(
            await ToolRunner.Finding(replica.Open(), "role"),
            Verdict.Error,
            $"a replica of 127.0.0.1:{primary.Port}",
            "Name the primary"
        );
    }

    [Fact]
    public async Task Other_databases_with_queues_are_told()
    {
        await using var server = await RedisServer.StartOwn();
        await server.Open(3).SeedQueue("default", "{}");

        Told(
            await ToolRunner.Finding(server.Open(), "databases"),
            Verdict.Warning,
            "Database 0 has 0 queues, and others of this server hold queues as well: 3.",
            "the same number"
        );
        Told(await ToolRunner.Finding(server.Open(3), "databases"), Verdict.Ok, "this one has 1 queue");
    }

    [Fact]
    public async Task Clock_that_differs_is_told()
    {
        await using var redis = await RedisServer.Lease();
        using var runner = new ToolRunner { Clock = new FakeClock() };

        Told(
            await runner.Finding("clock", "--redis", redis.Url),
            Verdict.Error,
            "ahead of Redis's",
            "Synchronize both machines by NTP"
        );
        Told(await ToolRunner.Finding(redis, "clock"), Verdict.Ok, "Redis's");
    }

    static async Task<Finding> On(string url, string check, params string[] arguments)
    {
        using var runner = new ToolRunner();
        return await runner.Finding(check, [.. arguments, "--redis", url]);
    }

    internal static void Told(Finding finding, Verdict verdict, string fact, string? wayOut = null)
    {
        Assert.True(verdict == finding.Verdict, finding.ToString());
        Assert.Contains(fact, finding.Fact, StringComparison.Ordinal);
        if (verdict == Verdict.Ok)
        {
            Assert.Null(finding.WayOut);
        }
        else
        {
            Assert.Contains(wayOut!, finding.WayOut, StringComparison.Ordinal);
        }
    }

    static async Task CloseAll(TcpListener listener, CancellationToken end)
    {
        try
        {
            while (true)
            {
                (await listener.AcceptTcpClientAsync(end)).Dispose();
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }
}
