using System.Globalization;

namespace MassTransit.Sidekiq;

// Ruby and .NET that were given different database numbers never meet, and neither says so.
internal sealed class DatabaseCheck() : DoctorCheck("databases")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var redis = examination.Redis;
        var others = await redis.Stores.Databases.OthersWithQueues();
        var own = (await examination.Overview()).Queues.Count;
        if (others.Count == 0)
        {
            return Ok($"No other database of this server holds queues; this one has {Words.Count(own, "queue")}.");
        }

        var list = string.Join(", ", others.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        return Warning(
            $"Database {redis.Database} has {Words.Count(own, "queue")}, and others of this server hold queues as well: {list}.",
            "If they are of the same application, give Ruby and .NET the same number, the last part of redis://host:6379/0. If they are of others, give those a server of their own: they share its memory."
        );
    }
}
