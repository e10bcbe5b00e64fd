using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// What an idle process costs Redis, and how soon it starts the first job.
internal sealed class IdleBenchmark(Lab lab)
{
    static readonly string[] endpoints = ["idle-a", "idle-b", "idle-c"];

    public async Task Run(Figures figures)
    {
        var arrivals = new Arrivals();
        await using (var bus = await Bus(arrivals))
        {
            await Latency(bus, arrivals, figures);
            await BareLatency(figures);
        }

        // A second one, since the first still reports what it has done.
        await using (await Bus(arrivals))
        {
            await Commands(figures);
        }
    }

    Task<Running> Bus(Arrivals arrivals) =>
        lab.Bus(
            x => x.AddConsumer<TimedConsumer>(),
            (context, cfg) =>
            {
                foreach (var name in endpoints)
                {
                    cfg.ReceiveEndpoint(name, endpoint => endpoint.ConfigureConsumer<TimedConsumer>(context));
                }
            },
            services => services.AddSingleton(arrivals)
        );

    // From before the send to the first line of the consumer, for one job to an idle endpoint.
    async Task Latency(Running bus, Arrivals arrivals, Figures figures)
    {
        var endpoint = await bus.Endpoint($"queue:{endpoints[0]}");
        var latencies = new List<double>();
        for (var sample = 0; sample < lab.Jobs(300); sample++)
        {
            // Idle again: the last job is acknowledged too.
            await Task.Delay(12);
            var arrived = arrivals.Next();
            await endpoint.Send(new TimedJob(Stopwatch.GetTimestamp()));
            latencies.Add((await arrived).TotalMilliseconds);
        }

        Add(figures, "latency.idle", latencies);
    }

    // The same path without a bus: the bare client pushes, a bare socket waits with BLMOVE.
    async Task BareLatency(Figures figures)
    {
        using var waiter = await BareWaiter.Open(lab.Redis, "bare");
        var latencies = new List<double>();
        for (var sample = 0; sample < lab.Jobs(300); sample++)
        {
            var landed = waiter.Next();
            await Task.Delay(5);
            var start = Stopwatch.GetTimestamp();
            var pushed = lab.Db.ListLeftPushAsync("queue:bare", new byte[600]);
            await landed;
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await pushed;
        }

        Add(figures, "peer.bare_latency", latencies);
    }

    static void Add(Figures figures, string name, List<double> latencies)
    {
        latencies.Sort();
        figures.Add($"{name}_p50_ms", latencies[latencies.Count / 2], "ms");
        figures.Add($"{name}_p99_ms", latencies[latencies.Count * 99 / 100], "ms");
    }

    async Task Commands(Figures figures)
    {
        // Two heartbeats, and two waits on each queue.
        await Task.Delay(500);
        var (before, start) = (await lab.Commands(), Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(10));

        // The one command sent above is not the endpoints'.
        var commands = await lab.Commands() - before - 1;
        figures.Add("idle.commands_per_s", commands / Stopwatch.GetElapsedTime(start).TotalSeconds, "commands/s");
        await lab.Redis.Flush();
    }
}
