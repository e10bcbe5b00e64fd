using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// All kinds of sends, each with its point of comparison.
internal sealed class SendBenchmark(Lab lab)
{
    const int InFlight = 100;
    const int Batch = 1000;

    static readonly string[] subscribers = ["bench-a", "bench-b", "bench-c"];

    public async Task Run(Figures figures)
    {
        await using var bus = await lab.Bus(_ => { }, (_, _) => { });
        var endpoint = await bus.Endpoint("queue:bench");

        var sent = await Clean(lab.Rate("send", InFlight, () => endpoint.Send(BenchJob.Any)));
        var raw = await Clean(lab.Rate("raw", InFlight, Raw()));
        figures.Add("send.inflight100_per_s", sent, "jobs/s");
        figures.Add("peer.raw_inflight100_per_s", raw, "jobs/s");
        figures.AddRatio("send.vs_raw", sent, raw);

        var single = await Clean(lab.Rate("single send", 1, () => endpoint.Send(BenchJob.Any)));
        var rubySingle = await lab.RubyPushes("single");
        figures.Add("send.single_per_s", single, "jobs/s");
        figures.Add("peer.sidekiq_single_per_s", rubySingle, "jobs/s");
        figures.AddRatio("send.single_vs_sidekiq", single, rubySingle);

        var messages = Enumerable.Repeat(BenchJob.Any, Batch).ToList();
        var bulk = Batch * await Clean(lab.Rate("bulk of 1000", 1, () => endpoint.SendBatch(messages)));
        var rubyBulk = await lab.RubyPushes("bulk");
        figures.Add("send.bulk_per_s", bulk, "jobs/s");
        figures.Add("peer.sidekiq_bulk_per_s", rubyBulk, "jobs/s");
        figures.AddRatio("send.bulk_vs_sidekiq", bulk, rubyBulk);

        await Publish(bus, figures);
        await Durable(figures);
    }

    // One send after another, each on disk when it is confirmed.
    async Task Durable(Figures figures)
    {
        var ours = 0.0;
        foreach (var contestant in lab.DurableContestants)
        {
            await using var sender = await contestant.Sender<BenchJob>(lab.NewQueue());
            await Lab.Warm(1, Send);
            var rate = await lab.Rate($"durable send, {contestant.Name}", 1, Send);
            figures.Add(contestant.Figure("send", "durable_single_per_s"), rate, "jobs/s");
            if (contestant.Name == Contestant.Ours)
            {
                ours = rate;
            }
            else
            {
                figures.AddRatio($"send.single_vs_{contestant.Name}", ours, rate);
            }

            Task Send() => sender.Send(BenchJob.Any);
        }
    }

    // A publish that makes three copies compared with three sends: awaited one by one, and with a hundred concurrent callers.
    async Task Publish(Running bus, Figures figures)
    {
        foreach (var queue in subscribers)
        {
            await lab.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Benchmarks:BenchEvent", queue, "");
        }

        var publish = () => bus.Bus.Publish(BenchEvent.Any);
        var published = await lab.Rate("publish to 3", 1, publish);
        var publishedAtLoad = await lab.Rate("100 publishes to 3", InFlight, publish);
        if (await lab.Db.ListLengthAsync($"queue:{subscribers[^1]}") == 0)
        {
            throw new InvalidOperationException("What was published reached no queue: its topic has another name.");
        }

        await lab.Redis.Flush();
        var endpoints = await Task.WhenAll(subscribers.Select(queue => bus.Endpoint($"queue:{queue}")));
        var thrice = await Clean(lab.Rate("3 sends", 1, OneByOne));
        var thriceAtLoad = await Clean(lab.Rate("100 times 3 sends", InFlight, Together));

        figures.Add("publish3.single_per_s", published, "messages/s");
        figures.Add("publish3.inflight100_per_s", publishedAtLoad, "messages/s");
        figures.Add("publish3.vs_3_sends", thrice / published, "ratio of times");
        figures.Add("publish3.inflight100_vs_3_sends", thriceAtLoad / publishedAtLoad, "ratio of times");

        async Task OneByOne()
        {
            foreach (var endpoint in endpoints)
            {
                await endpoint.Send(BenchEvent.Any);
            }
        }

        Task Together() => Task.WhenAll(endpoints.Select(endpoint => endpoint.Send(BenchEvent.Any)));
    }

    // The client's own fastest way to the same bytes.
    Func<Task> Raw()
    {
        RedisKey queues = "queues";
        RedisKey list = "queue:bench";
        RedisValue name = "bench";
        RedisValue job = new byte[600];
        return () => Task.WhenAll(lab.Db.SetAddAsync(queues, name), lab.Db.ListLeftPushAsync(list, job));
    }

    async Task<double> Clean(Task<double> measured)
    {
        var result = await measured;
        await lab.Redis.Flush();
        return result;
    }
}
