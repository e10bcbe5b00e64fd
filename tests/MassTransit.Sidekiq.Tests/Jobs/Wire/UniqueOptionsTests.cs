using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class UniqueOptionsTests
{
    static readonly UniqueOptions lower = new()
    {
        For = TimeSpan.FromMinutes(1),
        Until = SidekiqUniqueUntil.Start,
        OnConflict = SidekiqConflict.Throw,
        Digest = "lower",
    };

    [Theory]
    [InlineData("""{"unique_for":60}""")]
    [InlineData("""{"unique_for":60,"unique_until":"start","unique_conflict":"replace","unique_digest":"ab"}""")]
    [InlineData("""{"unique_for":60,"unique_until":"expiry","unique_conflict":"throw"}""")]
    public void Options_of_a_job_are_written_as_they_were_read(string json) =>
        Assert.Equal(json, Text(JobOptions.Read(Job(json))));

    [Fact]
    public void Each_that_is_left_open_above_is_the_lower_one()
    {
        Assert.Equal(lower, UniqueOptions.Over(null, lower));
        Assert.Equal(lower, UniqueOptions.Over(lower, null));
        Assert.Equal(lower, UniqueOptions.Over(new UniqueOptions(), lower));
        Assert.Equal(
            lower with
            {
                Until = SidekiqUniqueUntil.Expiry,
            },
            UniqueOptions.Over(new UniqueOptions { Until = SidekiqUniqueUntil.Expiry }, lower)
        );
    }

    [Fact]
    public void Zero_above_makes_a_job_that_is_not_unique()
    {
        var options = new JobOptions { Unique = new UniqueOptions { For = TimeSpan.Zero } };

        Assert.Null(options.Over(new JobOptions { Unique = lower }).ToJson());
    }

    [Theory]
    [InlineData("false", null)]
    [InlineData("0", null)]
    [InlineData("\"60\"", 60.0)]
    [InlineData("1.5", 1.5)]
    public void Life_of_a_lock_is_a_number_of_seconds(string written, double? seconds)
    {
        var job = Job($"{{\"unique_for\":{written},\"class\":\"A\",\"args\":[],\"jid\":\"1\"}}");

        Assert.Equal(seconds is { } known ? TimeSpan.FromSeconds(known) : null, job.UniqueFor);
        Assert.Equal(seconds is null, job.Lock is null);
    }

    [Theory]
    [InlineData("", "orders:A:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945")]
    [InlineData(",\"unique_digest\":\"ab\"", "orders:A:ab")]
    [InlineData(",\"unique_digest\":\"ab\",\"unique_queue\":\"first\"", "first:A:ab")]
    public void Lock_is_named_after_queue_class_and_arguments(string more, string name) =>
        Assert.Equal(
            new JobLock(name, "1", TimeSpan.FromSeconds(60), SidekiqUniqueUntil.Success),
            Job($"{{\"unique_for\":60,\"class\":\"A\",\"args\":[],\"jid\":\"1\"{more}}}").Lock
        );

    [Fact]
    public void Lock_that_ends_with_its_time_is_no_jobs_to_release() =>
        Assert.Null(Job("""{"unique_for":60,"unique_until":"expiry","class":"A","args":[],"jid":"1"}""").Lock);

    [Fact]
    public void Lock_of_a_job_that_moves_is_still_that_of_its_first_queue()
    {
        var job = Job("""{"unique_for":60,"class":"A","args":[],"jid":"1","queue":"orders"}""");

        var moved = Parse(new JobChange("second").Apply(job), "second");
        var again = Parse(new JobChange("third").Apply(moved), "third");

        Assert.Equal(job.Lock, moved.Lock);
        Assert.Equal(job.Lock, again.Lock);
    }

    [Fact]
    public void Life_too_short_or_long_is_a_fault()
    {
        Assert.Empty(Faults(TimeSpan.Zero));
        Assert.Empty(Faults(TimeSpan.FromSeconds(1)));
        Assert.StartsWith(
            "UniqueFor of Order is 0.5 seconds.",
            Assert.Single(Faults(TimeSpan.FromSeconds(0.5))),
            StringComparison.Ordinal
        );
        Assert.Single(Faults(TimeSpan.MaxValue));

        static IEnumerable<string> Faults(TimeSpan life) =>
            new JobOptions { Unique = new UniqueOptions { For = life } }.Faults("Order");
    }

    static string Text(JobOptions options) => Encoding.UTF8.GetString(options.ToJson()!);

    static SidekiqJob Job(string json) => Parse(Encoding.UTF8.GetBytes(json), "orders");

    static SidekiqJob Parse(ReadOnlyMemory<byte> json, string queue) => SidekiqJob.Parse(json, queue);
}
