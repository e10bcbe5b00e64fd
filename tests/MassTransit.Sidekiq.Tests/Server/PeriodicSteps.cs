using System.Globalization;
using System.Text;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>Periodic jobs of an application, and the runner of one of its processes.</summary>
static class PeriodicSteps
{
    public static async Task Register(RedisSteps steps, FakeClock clock, params PeriodicJob[] jobs) =>
        await new PeriodicStore(steps.Connection, steps.Keys).Register(
            "App",
            [.. jobs.Select(job => Row(job, job.Next(clock.GetUtcNow())!.Value))]
        );

    public static (string Id, byte[] Json, DateTimeOffset Due) Row(PeriodicJob job, DateTimeOffset due) =>
        (job.Id, job.Write(), due);

    public static PeriodicRunner Runner(RedisSteps process, FakeClock clock) =>
        new(new PeriodicStore(process.Connection, process.Keys), Uniques(process, clock), default, clock, () => 0);

    static UniqueJobs Uniques(RedisSteps process, FakeClock clock)
    {
        var stores = new RedisStores(process.Connection, process.Keys, DeadSet.Default);
        return new UniqueJobs(stores, new HolderSearch(stores.Search, clock), process.Log);
    }

    public static PeriodicJob Job(string id, string cron) =>
        new()
        {
            Id = id,
            Cron = cron,
            TimeZone = "Etc/UTC",
            Owner = "App",
            Target = new PeriodicTarget { Queue = id[(id.IndexOf(':', StringComparison.Ordinal) + 1)..] },
            Job = Encoding.UTF8.GetBytes("""{"retry":true,"args":[1,"a"],"class":"Nightly"}"""),
        };

    public static DateTimeOffset Time(string ofDay) =>
        TestClock.Today + TimeSpan.Parse(ofDay, CultureInfo.InvariantCulture);
}
