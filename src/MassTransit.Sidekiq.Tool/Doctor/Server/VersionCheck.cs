namespace MassTransit.Sidekiq;

internal sealed class VersionCheck() : DoctorCheck("version")
{
    static readonly Version oldest = new(6, 2);

    public override async Task<Finding> Run(Examination examination)
    {
        var redis = examination.Redis;
        if (await redis.Info("redis_version") is not { } version)
        {
            return Untold("its version", "INFO");
        }

        if (await redis.Info("redis_mode") == "cluster")
        {
            return Error(
                "It is a Redis Cluster.",
                "Use one primary with replicas: one step of Sidekiq touches several keys, which a cluster refuses."
            );
        }

        var server = await redis.Info("valkey_version") is { } valkey
            ? $"Valkey {valkey}, compatible with Redis {version}"
            : $"Redis {version}";
        return Version.TryParse(version, out var number) && number < oldest
            ? Error($"{server} is too old: jobs are moved with commands that came with Redis {oldest}.", "Upgrade it.")
            : Ok($"{server}.");
    }
}
