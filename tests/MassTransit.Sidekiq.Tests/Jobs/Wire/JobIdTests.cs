namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobIdTests
{
    static readonly Guid messageId = new("0f8fad5b-d9cb-469f-a165-70867728950e");

    [Fact]
    public void Jid_of_a_message_never_changes()
    {
        Assert.Equal("a432dda8147b76606b90bc49", JobId.From(messageId));
    }

    [Fact]
    public async Task Jid_of_a_copy_is_what_redis_computes()
    {
        await using var redis = await RedisServer.Lease();

        var sha1 = (string?)
            await redis.Db.ScriptEvaluateAsync(
                "return redis.sha1hex(ARGV[1])",
                null,
                ["0f8fad5b-d9cb-469f-a165-70867728950e|orders|Shop::Order"]
            );

        Assert.Equal(sha1![..24], JobId.From(messageId, "orders", "Shop::Order"));
    }

    [Fact]
    public void Copies_in_different_queues_are_different_jobs()
    {
        string[] jids =
        [
            JobId.From(messageId),
            JobId.From(messageId, "a", "X"),
            JobId.From(messageId, "b", "X"),
            JobId.From(messageId, "a", "Y"),
        ];

        Assert.Distinct(jids);
        Assert.All(jids, jid => Assert.Matches("^[0-9a-f]{24}$", jid));
    }

    [Fact]
    public void Message_ids_of_one_clock_tick_have_different_jids()
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => NewId.NextGuid()).ToList();

        Assert.Distinct(ids.Select(JobId.From));
    }

    [Theory]
    [InlineData("0f8fad5b-d9cb-469f-a165-70867728950e")]
    [InlineData("0F8FAD5B-D9CB-469F-A165-70867728950E")]
    [InlineData("0f8fad5bd9cb469fa16570867728950e")]
    public void Jid_that_is_a_guid_is_the_message_id(string jid)
    {
        Assert.Equal(messageId, JobId.ToMessageId(jid));
    }

    [Theory]
    [InlineData("6a53acef47bc238203ae6a7e", "c73bbdc8-02d6-5266-b782-f4630aa8d324")]
    [InlineData("", "")]
    [InlineData("é", "")]
    [InlineData("00000000-0000-0000-0000-000000000000", "")]
    [InlineData("{0f8fad5b-d9cb-469f-a165-70867728950e}", "")]
    public void Message_id_of_a_foreign_job_is_named_by_its_jid(string jid, string expected)
    {
        var id = JobId.ToMessageId(jid);

        Assert.Equal(id, JobId.ToMessageId(jid));
        Assert.Equal(5, id.Version);
        Assert.InRange(id.Variant, 8, 11);
        if (expected.Length > 0)
        {
            Assert.Equal(expected, id.ToString());
        }
    }
}
