using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// A request and its response, one after another and a hundred concurrently.
internal sealed class RequestBenchmark(Lab lab)
{
    const int Concurrency = 100;

    static readonly Uri address = new("queue:questions");

    public async Task Run(Figures figures)
    {
        var (one, hundred) = await Measure(
            await lab.Bus(x => x.AddConsumer<QuestionConsumer>(), (context, cfg) => Endpoint(context, cfg))
        );
        await lab.Redis.Flush();
        var (memoryOne, memoryHundred) = await Measure(
            await Lab.MemoryBus(x => x.AddConsumer<QuestionConsumer>(), (context, cfg) => Endpoint(context, cfg))
        );

        figures.Add("request.inflight1_per_s", one, "requests/s");
        figures.Add("request.inflight100_per_s", hundred, "requests/s");
        figures.Add("peer.memory_request1_per_s", memoryOne, "requests/s");
        figures.Add("peer.memory_request100_per_s", memoryHundred, "requests/s");
        figures.AddRatio("request.vs_memory_1", one, memoryOne);
        figures.AddRatio("request.vs_memory_100", hundred, memoryHundred);
    }

    static void Endpoint<T>(IBusRegistrationContext context, IBusFactoryConfigurator<T> cfg)
        where T : IReceiveEndpointConfigurator =>
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
            await client.GetResponse<Answer>(Question.Any);
            return (await lab.Rate("request", 1, Ask), await lab.Rate("100 requests", 100, Ask));

            async Task Ask() => await client.GetResponse<Answer>(Question.Any);
        }
    }
}
