using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// A request and its response, one after another and a hundred concurrently.
internal sealed class RequestBenchmark(Lab lab)
{
    const int Concurrency = 100;

    static readonly Uri address = new("queue:questions");

    public async Task Run(Figures figures)
    {
        var (one, hundred) = await Measure(await lab.Bus(x => x.AddConsumer<QuestionConsumer>(), Endpoint));
        await lab.Redis.Flush();
        var (memoryOne, memoryHundred) = await Measure(
            await Lab.MemoryBus(x => x.AddConsumer<QuestionConsumer>(), Endpoint)
        );

        figures.Add("request.inflight1_per_s", one, "requests/s");
        figures.Add("request.inflight100_per_s", hundred, "requests/s");
        figures.Add("peer.bare_request1_per_s", await Bare(), "requests/s");
        figures.Add("peer.memory_request1_per_s", memoryOne, "requests/s");
        figures.Add("peer.memory_request100_per_s", memoryHundred, "requests/s");
        figures.AddRatio("request.vs_memory_1", one, memoryOne);
        figures.AddRatio("request.vs_memory_100", hundred, memoryHundred);
        await Durable(figures);
    }

    // RabbitMQ has a request on disk before it confirms it, so here our Redis has to as well.
    async Task Durable(Figures figures)
    {
        var ours = 0.0;
        foreach (var contestant in lab.DurableContestants.OfType<BusContestant>())
        {
            var (one, _) = await Measure(await contestant.Bus(x => x.AddConsumer<QuestionConsumer>(), Endpoint));
            figures.Add(contestant.Figure("request", "durable1_per_s"), one, "requests/s");
            if (contestant.Name == Contestant.Ours)
            {
                ours = one;
            }
            else
            {
                figures.AddRatio($"request.vs_{contestant.Name}", ours, one);
            }
        }
    }

    // The same way without a bus, and without claims: what it costs to go through Redis twice.
    async Task<double> Bare()
    {
        using var questions = await BareWaiter.Open(lab.Redis, "bare-questions");
        using var answers = await BareWaiter.Open(lab.Redis, "bare-answers");
        var job = new byte[600];
        await Lab.Warm(1, Ask);
        var rate = await lab.Rate("bare request", 1, Ask);
        await lab.Redis.Flush();
        return rate;

        async Task Ask()
        {
            var (asked, answered) = (questions.Next(), answers.Next());
            var asking = lab.Db.ListLeftPushAsync("queue:bare-questions", job);
            await asked;
            var answering = lab.Db.ListLeftPushAsync("queue:bare-answers", job);
            await Task.WhenAll(answered, asking, answering);
        }
    }

    static void Endpoint(IBusRegistrationContext context, IBusFactoryConfigurator cfg) =>
        cfg.ReceiveEndpoint(
            "questions",
            endpoint =>
            {
                endpoint.ConcurrentMessageLimit = Concurrency;
                endpoint.ConfigureConsumer<QuestionConsumer>(context);
            }
        );

    async Task<(double One, double Hundred)> Measure(Running running)
    {
        await using (running)
        {
            var client = running.Bus.CreateRequestClient<Question>(address);
            await Lab.Warm(1, Ask);
            return (await lab.Rate("request", 1, Ask), await lab.Rate("100 requests", 100, Ask));

            async Task Ask() => await client.GetResponse<Answer>(Question.Any);
        }
    }
}
