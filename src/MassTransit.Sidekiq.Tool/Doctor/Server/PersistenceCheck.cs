using System.Globalization;

namespace MassTransit.Sidekiq;

// What a crash of Redis loses.
internal sealed class PersistenceCheck() : DoctorCheck("persistence")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var redis = examination.Redis;
        if (await redis.Info("aof_enabled") is not { } append)
        {
            return Untold("its persistence", "INFO");
        }

        foreach (var last in new[] { "aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status" })
        {
            if (await redis.Info(last) is { } status and not "ok")
            {
                return Error(
                    $"Redis could not write to its disk: {last} is {status}.",
                    "See its log; a full disk is the usual reason. Until then a restart loses what was not written."
                );
            }
        }

        return append == "1"
            ? Append(await redis.Setting("appendfsync"))
            : await Snapshots(redis, await redis.Setting("save"));
    }

    Finding Append(string? sync) =>
        sync switch
        {
            "no" => Warning(
                "AOF, appendfsync no: a crash of the machine loses what the system had not written, some 30 s.",
                "Set appendfsync everysec."
            ),
            "always" => Ok("AOF, appendfsync always: a crash loses nothing that was acknowledged."),
            "everysec" => Ok(
                "AOF, appendfsync everysec: a crash of the machine loses about a second, one of Redis nothing."
            ),
            _ => Ok("AOF: a crash loses a second at most, by default."),
        };

    // `save` is null where the setting may not be read, and empty where no snapshots are made.
    async Task<Finding> Snapshots(ToolRedis redis, string? save)
    {
        const string WayOut =
            "Set appendonly yes, appendfsync everysec. It costs some 10 to 30 % of Redis's throughput.";
        if (save == "")
        {
            return Error("Neither AOF nor snapshots: a restart of Redis loses every job.", WayOut);
        }

        var changes = await Number(redis, "rdb_changes_since_last_save");
        var age = redis.Now - DateTimeOffset.FromUnixTimeSeconds(await Number(redis, "rdb_last_save_time"));
        return Warning(
            $"Snapshots only: a restart now loses what changed since the last one, {Words.Count(changes, "change")} in {Words.Span(age)}.",
            WayOut
        );
    }

    static async Task<long> Number(ToolRedis redis, string field) =>
        long.TryParse(await redis.Info(field), CultureInfo.InvariantCulture, out var number) ? number : 0;
}
