namespace MassTransit.Sidekiq;

internal sealed class RoleCheck() : DoctorCheck("role")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var redis = examination.Redis;
        if (await redis.Info("role") is not { } role)
        {
            return Untold("its role", "INFO");
        }

        if (role != "master")
        {
            return Error(
                $"It is a replica of {await redis.Info("master_host")}:{await redis.Info("master_port")}: it takes no writes.",
                "Name the primary; or all servers, or the sentinels with serviceName=…, and the primary is found."
            );
        }

        var replicas = await redis.Info("connected_slaves") is { } count
            ? int.Parse(count, System.Globalization.CultureInfo.InvariantCulture)
            : 0;
        if (replicas == 0)
        {
            return Ok("It is the primary, without replicas.");
        }

        var behind = new List<string>();
        for (var i = 0; i < replicas; i++)
        {
            // ip=…,port=…,state=online,offset=…,lag=0
            if (await redis.Info($"slave{i}") is { } line && !line.Contains("state=online", StringComparison.Ordinal))
            {
                behind.Add(line);
            }
        }

        return behind.Count == 0
            ? Ok($"It is the primary, with {Words.Count(replicas, "replica")}.")
            : Warning(
                $"It is the primary; {behind.Count} of {replicas} replicas are not online: {string.Join("; ", behind)}.",
                "Wait until they have synchronized; a failover to one of them loses jobs."
            );
    }
}
