using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class JobMovesTests
{
    static readonly DateTimeOffset now = TestClock.Start;

    [Fact]
    public void Job_for_another_queue_says_why_and_is_else_what_it_was()
    {
        var moved = ToQueue(
            """{"x" : 1,"queue":"orders","class":"Pay","mt":{"id":"a1b2c3d4-0000-0000-0000-000000000001"},"y":2.50}""",
            ("MT-Reason", "fault")
        );

        Assert.Equal(
            $$$"""{"x" : 1,"queue":"orders_error","class":"Pay","mt":{"id":"a1b2c3d4-0000-0000-0000-000000000001","dst":"/orders","headers":{"MT-Reason":"fault"}},"y":2.50,"enqueued_at":{{{TestClock.Seconds(now)}}}}""",
            moved
        );
    }

    [Fact]
    public void ActiveJob_names_the_queue_that_it_moves_to_inside_as_well()
    {
        const string job =
            """{"queue":"orders","class":"Sidekiq::ActiveJob::Wrapper","args":[{"queue_name":"orders","arguments":[1.50]}]}""";

        Assert.StartsWith(
            """{"queue":"orders_error","class":"Sidekiq::ActiveJob::Wrapper","args":[{"queue_name":"orders_error","arguments":[1.50]}],""",
            ToQueue(job),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Job_that_was_published_keeps_where_it_was_sent()
    {
        var moved = ToQueue("""{"mt":{"dst":"/Shop:Order?type=topic"}}""");

        Assert.Equal("/Shop:Order?type=topic", Parse(moved).Metadata!.DestinationAddress);
    }

    [Fact]
    public void Job_of_another_client_gets_metadata_for_what_is_said()
    {
        var moved = Parse(ToQueue("""{"class":"Pay"}""", ("MT-Reason", "skipped")));

        Assert.Equal("/orders", moved.Metadata!.DestinationAddress);
        Assert.Equal("skipped", moved.Metadata.Headers["MT-Reason"]);
    }

    [Fact]
    public void What_is_said_takes_the_place_of_a_header_of_its_name_whatever_its_case()
    {
        var moved = Parse(ToQueue("""{"mt":{"headers":{"mt-reason":"old","tenant":"acme"}}}""", ("MT-Reason", "new")));

        Assert.Equal(2, moved.Metadata!.Headers.Count);
        Assert.Equal(("new", "acme"), (moved.Metadata.Headers["MT-Reason"], moved.Metadata.Headers["tenant"]));
    }

    [Fact]
    public void Times_are_written_as_it_is_asked_for() =>
        Assert.Contains(
            $"\"enqueued_at\":{now.ToUnixTimeMilliseconds()}",
            Text(JobMoves.ToQueue(Parse("{}"), "orders_error", [], now, SidekiqTimeFormat.IntegerMilliseconds)),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(0, -1)]
    [InlineData(7, 6)]
    [InlineData(int.MinValue, int.MinValue - 1L)]
    public void Retry_by_hand_gives_the_attempt_back(int count, long expected)
    {
        var json = $$"""{"retry_count":{{count}}}""";

        Assert.Contains(
            $"\"retry_count\":{expected},",
            Enqueued(json, givesBackAttempt: true),
            StringComparison.Ordinal
        );
        Assert.Contains($"\"retry_count\":{count},", Enqueued(json, givesBackAttempt: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Job_that_never_failed_has_no_attempt_to_give_back() =>
        Assert.Equal(
            $$"""{"class":"Pay","enqueued_at":{{TestClock.Seconds(now)}}}""",
            Enqueued("""{"class":"Pay"}""", givesBackAttempt: true)
        );

    static string Enqueued(string json, bool givesBackAttempt) =>
        Text(JobMoves.Enqueued(Parse(json), now, SidekiqTimeFormat.FloatSeconds, givesBackAttempt));

    static string ToQueue(string json, params (string Key, object Value)[] said) =>
        Text(
            JobMoves.ToQueue(
                Parse(json),
                "orders_error",
                said.Select(header => KeyValuePair.Create(header.Key, header.Value)),
                now,
                SidekiqTimeFormat.FloatSeconds
            )
        );

    static SidekiqJob Parse(string json) => SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");

    static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
