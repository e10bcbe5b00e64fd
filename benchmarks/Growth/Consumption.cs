using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// One bus in this process that takes jobs, ten at a time, from queues which are full, with a consumer that does nothing.
internal sealed class Consumption(Lab lab)
{
    const int Concurrency = 10;

    bool isWarm;

    // Between two counts: jobs per second, and Redis' processor time for each, from the start of the bus to its end.
    public async Task<(double JobsPerSecond, double RedisMicroseconds)> Measure(
        IReadOnlyList<string> queues,
        int first,
        int last
    )
    {
        if (!isWarm)
        {
            isWarm = true;
            await lab.Fill(["warm"], last);
            await Measure(["warm"], first, last);
        }

        var (before, waiting) = (await RedisUsage.Of(lab.Db), await Waiting(queues));
        var meter = new Meter(first, last, Task.CompletedTask);
        await using (
            await lab.Bus(
                x => x.AddConsumer<NoOpConsumer>(),
                (context, cfg) =>
                    cfg.ReceiveEndpoint(
                        queues[0],
                        endpoint =>
                        {
                            endpoint.ConcurrentMessageLimit = Concurrency;
                            if (queues.Count > 1)
                            {
                                endpoint.Queues(all => queues.ToList().ForEach(queue => all.Weighted(queue, 1)));
                            }

                            endpoint.ConfigureConsumer<NoOpConsumer>(context);
                        }
                    ),
                services => services.AddSingleton(meter)
            )
        )
        {
            await meter.Done;
        }

        var (usage, taken) = (await RedisUsage.Of(lab.Db) - before, waiting - await Waiting(queues));
        return (meter.JobsPerSecond, usage.ProcessorMicroseconds / taken);
    }

    async Task<long> Waiting(IEnumerable<string> queues) =>
        (await Task.WhenAll(queues.Select(queue => lab.Db.ListLengthAsync($"queue:{queue}")))).Sum();
}
