using System.Globalization;
using System.Text;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A source of any length is sent in order, holds two slices at most, and tells how far it came.</summary>
public sealed class SendManyTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Messages_keep_their_order_and_their_jids_are_told_by_slices()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var (slices, progress) = (new List<IReadOnlyList<SentMessage>>(), new Reports());

        var sent = await (await Orders(bus)).SendMany(
            Source(2500),
            new SendManyOptions
            {
                Sent = slices.Add,
                Progress = progress,
                Configure = x => x.Job(job => job.Retry = 3),
            }
        );

        Assert.Equal(2500, sent);
        Assert.Equal([1000, 1000, 500], slices.Select(slice => slice.Count));
        Assert.Equal([1000, 2000, 2500], progress.All);
        var raw = await redis.Queue("orders");
        Assert.All(raw, job => Assert.Contains("\"retry\":3,", job, StringComparison.Ordinal));
        var jobs = raw.Select(Parse).ToList();
        Assert.Equal(jobs.Select(job => job.Jid), slices.SelectMany(slice => slice).Select(message => message.Jid));
        Assert.Equal(Enumerable.Range(0, 2500), jobs.Select(Number));
    }

    [Fact]
    public async Task Source_is_not_read_further_than_two_slices_ahead_of_Redis()
    {
        await using var server = await RedisServer.StartOwn();
        await using var bus = await TestBus.Start(server.Open(), output);
        var (allowed, read, isResumed, wasResumed) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            0,
            false,
            false
        );

        var sending = (await Orders(bus)).SendMany(Source(5000, Read));
        await allowed.Task.InTime();
        Volatile.Write(ref isResumed, true);
        server.Resume();

        Assert.Equal(5000, await sending.InTime());
        Assert.True(wasResumed);
        Assert.Equal(5000, (await server.Open().Queue("orders")).Length);

        // The first one is awaited: the server is silent for those behind it.
        void Read(int number)
        {
            switch (++read)
            {
                case 2:
                    server.Pause();
                    break;
                case 2000:
                    allowed.SetResult();
                    break;
                case 2001:
                    wasResumed = Volatile.Read(ref isResumed);
                    break;
            }
        }
    }

    [Fact]
    public async Task What_was_read_before_the_source_failed_is_sent_and_counted()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var cause = new InvalidDataException("Line 2,501 is not an order.");

        var fault = await Assert.ThrowsAsync<SendManyException>(async () =>
            await (await Orders(bus)).SendMany(Source(3000, number => _ = number < 2500 ? number : throw cause))
        );

        Assert.Equal(2500, fault.Sent);
        Assert.Same(cause, fault.InnerException);
        Assert.StartsWith(
            "The first 2,500 messages of type MassTransit.Sidekiq.Tests.SubmitOrder were sent, and stay sent; then: Line 2,501 is not an order. ",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(2500, (await redis.Queue("orders")).Length);
    }

    [Fact]
    public async Task Send_that_fails_ends_the_count_and_not_what_is_under_way()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        var fault = await Assert.ThrowsAsync<SendManyException>(async () =>
            await (await Orders(bus)).SendMany(WithTwin(), Unique(SidekiqConflict.Throw))
        );

        Assert.Equal(3, fault.Sent);
        Assert.IsType<JobNotUniqueException>(fault.InnerException);
        Assert.Equal(4, (await redis.Queue("orders")).Length);
    }

    [Fact]
    public async Task Unique_job_that_is_kept_out_is_told_by_its_slice()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var told = new List<SentMessage>();

        await (await Orders(bus)).SendMany(WithTwin(), Unique(SidekiqConflict.Drop, told.AddRange));

        Assert.Equal([null, null, null, told[1].Jid, null], told.Select(message => message.Conflict?.Jid));
        Assert.Equal(4, (await redis.Queue("orders")).Length);
    }

    [Fact]
    public async Task Cancelled_sending_tells_how_many_were_sent()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        using var cancellation = new CancellationTokenSource();
        var told = 0L;

        var fault = await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await (await Orders(bus)).SendMany(
                Source(5000, number => (number == 3500 ? cancellation : null)?.Cancel()),
                new SendManyOptions { Sent = slice => told += slice.Count },
                cancellation.Token
            )
        );

        var sent = int.Parse(
            fault.Message.Split(' ')[^1].TrimEnd('.'),
            NumberStyles.AllowThousands,
            CultureInfo.InvariantCulture
        );
        Assert.InRange(sent, told, 3500);
        Assert.Equal(Enumerable.Range(0, sent), (await redis.Queue("orders")).Select(Parse).Select(Number).Take(sent));
    }

    [Fact]
    public async Task Jobs_are_spread_evenly_over_a_period_that_begins_at_a_time()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var (at, hour) = (TestClock.Start.AddYears(1), TimeSpan.FromHours(1));

        await (await Orders(bus)).SendMany(Source(600), new SendManyOptions { At = at, Spread = hour });
        await (await Orders(bus)).SendMany(Source(1), new SendManyOptions { At = TestClock.Start.AddYears(-10) });

        var times = (await redis.ScheduledSet()).Select(entry => entry.Time - at).ToList();
        Assert.Equal(600, times.Count);
        Assert.InRange(times[0], TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1));
        var gaps = times.Zip(times.Skip(1).Append(hour), (one, next) => (next - one).TotalSeconds);
        Assert.All(gaps, gap => Assert.InRange(gap, 1, 13));
        Assert.Single(await redis.Queue("orders"));
    }

    [Fact]
    public async Task Published_messages_reach_each_subscriber_in_order()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:SubmitOrder", "first", "");
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:SubmitOrder", "second", "");
        var told = new List<SentMessage>();

        var sent = await bus.Harness.Bus.PublishMany(Source(50), new SendManyOptions { Sent = told.AddRange });

        Assert.Equal(50, sent);
        Assert.Equal(50, told.Select(message => message.MessageId).Distinct().Count());
        Assert.All(told, message => Assert.Null(message.Jid));
        foreach (var queue in new[] { "first", "second" })
        {
            Assert.Equal(Enumerable.Range(0, 50), (await redis.Queue(queue)).Select(Parse).Select(Number));
        }
    }

    [Fact]
    public async Task Negative_spread_is_refused_before_anything_is_read()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        var fault = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await (await Orders(bus)).SendMany(Source(1), new SendManyOptions { Spread = TimeSpan.FromSeconds(-1) })
        );

        Assert.Contains("Spread is -00:00:01, and must not be negative.", fault.Message, StringComparison.Ordinal);
        Assert.Empty(await redis.Queue("orders"));
    }

    static Task<ISendEndpoint> Orders(TestBus bus) => bus.Harness.Bus.GetSendEndpoint(new Uri("queue:orders"));

    static SendManyOptions Unique(SidekiqConflict onConflict, Action<IReadOnlyList<SentMessage>>? sent = null) =>
        new()
        {
            Sent = sent,
            Configure = x => x.Job(job => (job.UniqueFor, job.OnConflict) = (TimeSpan.FromMinutes(1), onConflict)),
        };

    // The fourth is as the second.
    static IAsyncEnumerable<SubmitOrder> WithTwin() =>
        new[] { 0, 1, 2, 1, 3 }.Select(number => new SubmitOrder(number)).ToAsyncEnumerable();

    static IAsyncEnumerable<SubmitOrder> Source(int count, Action<int>? read = null) =>
        Enumerable
            .Range(0, count)
            .Select(number =>
            {
                read?.Invoke(number);
                return new SubmitOrder(number);
            })
            .ToAsyncEnumerable();

    static SidekiqJob Parse(string job) => SidekiqJob.Parse(Encoding.UTF8.GetBytes(job), "orders");

    static int Number(SidekiqJob job) =>
        int.Parse(
            Encoding.UTF8.GetString(job.Args.Span).Split(':')[1].Split('}', ',')[0],
            CultureInfo.InvariantCulture
        );

    sealed class Reports : IProgress<long>
    {
        public List<long> All { get; } = [];

        public void Report(long value) => All.Add(value);
    }
}
