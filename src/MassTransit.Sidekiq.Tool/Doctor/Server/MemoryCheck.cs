namespace MassTransit.Sidekiq;

internal sealed class MemoryCheck() : DoctorCheck("memory")
{
    const double Full = 0.8;

    public override async Task<Finding> Run(Examination examination)
    {
        var server = await examination.Inspector.Redis(examination.Token);
        if (server.EvictionPolicy is not { } policy)
        {
            return Untold("its memory", "INFO");
        }

        if (policy != "noeviction")
        {
            return Error(
                $"maxmemory-policy is {policy}: when memory is short, Redis deletes queues without a word.",
                "Set maxmemory-policy noeviction (CONFIG SET, and in redis.conf). Give a cache a Redis of its own."
            );
        }

        if (server is not { MostBytes: { } most, UsedBytes: { } used })
        {
            return Ok($"noeviction, {Words.Bytes(server.UsedBytes ?? 0)} used, no limit.");
        }

        var fact = $"noeviction, {Words.Bytes(used)} of {Words.Bytes(most)} used.";
        return used > most * Full
            ? Warning(
                fact,
                "At the limit sends are refused. Raise maxmemory, or find out what grows: dotnet sidekiq queues."
            )
            : Ok(fact);
    }
}
