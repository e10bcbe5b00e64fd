using System.Text;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Testing;

public sealed class MemoryJobsTests
{
    [Theory]
    [InlineData(false, false, "A")]
    [InlineData(false, false, "A", "B")]
    [InlineData(true, false, "A")]
    [InlineData(true, false, "A", "C")]
    [InlineData(true, true, "A")]
    [InlineData(true, true, "unknown")]
    [InlineData(false, false, "unknown")]
    public async Task Publish_makes_the_copies_that_the_script_makes(
        bool followsImplements,
        bool isExchange,
        params string[] entities
    )
    {
        await using var steps = await RedisSteps.Open();
        var jobs = new MemoryJobs();
        var memory = new MemoryTopicStore(jobs, steps.Connection, steps.Keys);
        foreach (var store in new[] { steps.Topics, memory })
        {
            await store.Subscribe(["A"], "one");
            await store.Subscribe(["A", "B"], "two", "Second");
            await store.Subscribe(["B"], "one|Other");
            await store.Subscribe(["C"], "three");
            await store.Subscribe(["C"], "stated", "Own");
            await store.DeclareImplements("A", ["B", "C"]);
        }

        var request = new PublishRequest
        {
            Entities = entities,
            FollowImplements = followsImplements,
            IsExchange = isExchange,
            Static = [("stated", "Own")],
            Template = new JobTemplate(
                "{\"queue\":"u8.ToArray(),
                ",\"args\":[1],\"class\":"u8.ToArray(),
                "}"u8.ToArray()
            ),
            Class = "Own",
            MessageId = NewId.NextGuid(),
        };
        var ofScript = await steps.Topics.Publish(request);
        var ofMemory = await memory.Publish(request);

        Assert.Equal(ofScript.Count, ofMemory.Count);
        // What an entity implements is a set, which has no order.
        Assert.Equal(ofScript.Copies.Order(StringComparer.Ordinal), ofMemory.Copies.Order(StringComparer.Ordinal));
        foreach (var queue in jobs.Waiting.GroupBy(job => job.Queue, StringComparer.Ordinal))
        {
            Assert.Equal(
                await steps.Redis.Queue(queue.Key),
                queue.Select(job => Encoding.UTF8.GetString(job.Json.Span))
            );
        }
    }
}
