using System.Text.Json;
using Shop;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Ruby's poller and ours on the same sets.</summary>
public sealed class PollerTests(ITestOutputHelper output)
{
    const int Round = 2000;

    [Fact]
    public async Task Thousands_of_due_jobs_are_each_moved_once_by_pollers_of_both_languages()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(host => host.MovesRubyJobs = true);
                cfg.ReceiveEndpoint("own", e => e.Handler<OrderPaid>(_ => Task.CompletedTask));
            }
        );

        // Three rounds at least; and as many as it takes until both have had a part, whichever of them stood still.
        var (jobs, ours) = (0, 0);
        await redis.Until(async state =>
        {
            await Seed(state, jobs);
            jobs += Round;
            await Ruby.PushDueJobs(state);
            await state.Until(async late => await late.Db.ListLengthAsync("queue:late") >= jobs);
            ours = MovedByDotnet(await state.Queue("late"));

            return jobs >= 3 * Round && ours > 0 && ours < jobs;
        });

        output.WriteLine($"{ours} of {jobs} jobs were moved by .NET, the others by Ruby.");
        var moved = (await redis.Queue("late")).Select(job => JsonElement.Parse(job)).ToArray();
        Assert.Equal(jobs, moved.Length);
        Assert.Equal(
            jobs,
            moved.Select(job => job.GetProperty("jid").GetString()).Distinct(StringComparer.Ordinal).Count()
        );
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.ScheduledSet());
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Due_jobs_of_Ruby_pass_its_client_middleware_though_NET_polls_beside()
    {
        await using var redis = await RedisServer.Lease();
        await Ruby.Eval(
            redis,
            """
            eval(<<~'RUBY', TOPLEVEL_BINDING)
              unless Object.const_defined?(:CountPasses)
                class CountPasses
                  def call(_worker, job, queue, _pool)
                    job["passed"] = job["passed"].to_i + 1 if queue == "rubys"
                    yield
                  end
                end
                Sidekiq.client_middleware { |chain| chain.add CountPasses }
              end
            RUBY
            nil
            """
        );
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("paid", e => e.Handler<OrderPaid>(inbox.Receive))
        );
        await Ruby.Eval(
            redis,
            """
            at = Time.now.to_f + 0.2
            20.times { |i| Sidekiq::Client.push('class' => 'OkJob', 'queue' => 'rubys', 'args' => [i], 'at' => at) }
            Sidekiq::Client.push('class' => 'Shop::OrderPaid', 'queue' => 'paid', 'args' => [{orderId: 7}], 'at' => at + 0.1)
            nil
            """
        );

        // .NET has gone through the set by now: its own job, which came last, is here.
        await inbox.Next();
        Assert.Equal(20, (await redis.ScheduledSet()).Length);
        await Ruby.PushDueJobs(redis);

        var moved = (await redis.Queue("rubys")).Select(job => JsonElement.Parse(job));
        Assert.Equal(Enumerable.Repeat(2, 20), moved.Select(job => job.GetProperty("passed").GetInt32()));
    }

    static async Task Seed(RedisDatabase redis, int first)
    {
        var due = SetEntry.ToScore(TimeProvider.System.GetUtcNow().AddSeconds(-1));
        var jobs = Enumerable.Range(first, Round).Select(number => new SortedSetEntry(Job(number), due)).ToArray();
        await redis.Db.SortedSetAddAsync("retry", jobs[..(Round / 2)]);
        await redis.Db.SortedSetAddAsync("schedule", jobs[(Round / 2)..]);
    }

    // Ruby stamps each job with its own time, to the tenth of a microsecond; we stamp a hundred at once.
    static int MovedByDotnet(string[] jobs) =>
        jobs.GroupBy(job => JsonElement.Parse(job).GetProperty("enqueued_at").GetRawText(), StringComparer.Ordinal)
            .Where(same => same.Count() > 1)
            .Sum(same => same.Count());

    static string Job(int number) =>
        $$"""{"class":"OkJob","args":[{{number}}],"queue":"late","jid":"{{number:x24}}","retry":true,"created_at":{{TestClock.Pushed}}}""";
}
