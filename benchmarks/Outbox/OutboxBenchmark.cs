using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// The outbox on PostgreSQL with fsync: what staging adds to a business transaction, how fast a backlog drains, and how
// soon after its commit a message is consumed.
internal sealed class OutboxBenchmark(Lab lab) : IAsyncDisposable
{
    OutboxDatabase? sudden;

    public async Task Run(Figures figures)
    {
        await using var database = await OutboxDatabase.Start(lab);
        await new OutboxStaging(lab).Run(database, figures);
        await Drain(new OutboxBacklog(lab, database), figures);
        await Latency(database, figures);
        await lab.Redis.Flush();
    }

    public async ValueTask DisposeAsync() => await (sudden?.DisposeAsync() ?? ValueTask.CompletedTask);

    // Backlogs of transactions of one message each, drained by one host and by two; and the next part of a sudden one, which
    // takes long to write and is there for all rounds.
    async Task Drain(OutboxBacklog backlog, Figures figures)
    {
        var messages = lab.Jobs(60_000);
        await backlog.Write(messages, isSudden: false);
        var one = await backlog.Drain(1, messages, figures);
        await backlog.Write(messages, isSudden: false);
        var two = await backlog.Drain(2, messages);
        figures.Add("outbox.drained_per_s", one, "messages/s");
        figures.Add("outbox.drained_2_hosts_per_s", two, "messages/s");
        figures.AddRatio("outbox.drained_2_hosts_vs_1", two, one);

        var isFirst = sudden is null;
        var rest = new OutboxBacklog(lab, sudden ??= await OutboxDatabase.Start(lab));
        if (isFirst)
        {
            await rest.Write(lab.Jobs(1_000_000), isSudden: true);
        }

        figures.Add("outbox.drained_backlog_per_s", await rest.Drain(1, messages), "messages/s");
    }

    // A hundred transactions a second, each with one message to an endpoint of the same process: from the moment at which
    // SaveChanges has returned to the first line of the consumer.
    async Task Latency(OutboxDatabase database, Figures figures)
    {
        const int perSecond = 100;
        var committed = new Committed();
        await using var host = await database.Host(
            consumer: x => x.AddConsumer<CommittedConsumer>(),
            services: services => services.AddSingleton(committed)
        );
        await Transact(0);
        await committed.Seen(1);

        var count = lab.Jobs(1000);
        var start = Stopwatch.GetTimestamp();
        var transactions = new List<Task>();
        for (var number = 1; number <= count; number++)
        {
            var due = TimeSpan.FromSeconds((double)number / perSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due);
            }

            transactions.Add(Transact(number));
        }

        await Task.WhenAll(transactions);
        await committed.Seen(count + 1);
        var latencies = committed.Latencies(1).Order().ToList();
        figures.Add("outbox.commit_to_consume_p50_ms", latencies[latencies.Count / 2], "ms");
        figures.Add("outbox.commit_to_consume_p99_ms", latencies[latencies.Count * 99 / 100], "ms");

        async Task Transact(int number)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<BenchDb>();
            db.Add(BenchOrder.Of(lines: 2));
            var endpoint = await scope
                .ServiceProvider.GetRequiredService<ISendEndpointProvider>()
                .GetSendEndpoint(new Uri("queue:Committed"));
            await endpoint.Send(new CommittedJob(number));
            await db.SaveChangesAsync();
            committed.At(number);
        }
    }
}
