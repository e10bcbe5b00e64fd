using Npgsql;

namespace MassTransit.Sidekiq.Outbox.Tests;

// The application of tests/OutboxWorker as a process of its own, to be killed.
static class Application
{
    // Makes its tables.
    public static async Task Create(string postgres, string redis)
    {
        await using var process = Launch(postgres, redis, "create");
        await process.Exited.InTime();
        Assert.True(process.ExitCode == 0, process.Dump());
    }

    public static async Task<ChildProcess> Start(
        string postgres,
        string redis,
        string roles,
        string crashPoint = "",
        bool keeps = false
    )
    {
        var process = Launch(postgres, redis, roles, crashPoint, keeps);
        await Task.WhenAny(process.Line("ready"), process.Exited).InTime();
        return process;
    }

    public static async Task<T> Ask<T>(string postgres, string sql)
    {
        await using var connection = new NpgsqlConnection(postgres + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    static ChildProcess Launch(string postgres, string redis, string roles, string crashPoint = "", bool keeps = false)
    {
        var build = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return ChildProcess.Start(
            Requires.Program("dotnet", "dotnet-sdk-10.0"),
            ["exec", Repository.PathOf($"tests/OutboxWorker/bin/{build.Parent!.Name}/{build.Name}/OutboxWorker.dll")],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["POSTGRES"] = postgres,
                ["REDIS_URL"] = redis,
                ["ROLES"] = roles,
                ["CRASH_POINT"] = crashPoint,
                ["KEEP"] = keeps ? "1" : "",
            }
        );
    }
}
