using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// Ten writers, each one transaction after another: an order with two lines, the same with one message and with ten;
// one row in an explicit transaction, alone and with one message, and both where Npgsql prepares what it sends often;
// and a lone row, for which PostgreSQL needs no transaction of its own, so that a message adds one. In turns, since the disk
// is faster at one moment than at the next.
internal sealed class OutboxStaging(Lab lab)
{
    const int Writers = 10;
    const int Turns = 4;

    const string Prepared = ";Max Auto Prepare=100";

    public async Task Run(OutboxDatabase database, Figures figures)
    {
        await using var host = await database.Host(outbox => outbox.DisableRelay());
        await using var prepared = await database.Host(outbox => outbox.DisableRelay(), settings: Prepared);
        (string What, Func<Task> Step)[] steps =
        [
            ("business transaction", () => Transaction(host, 0)),
            ("with 1 message", () => Transaction(host, 1)),
            ("with 10 messages", () => Transaction(host, 10)),
            ("lone row", () => Transaction(host, 0, lines: 0)),
            ("lone row with 1 message", () => Transaction(host, 1, lines: 0)),
            ("row in a transaction", () => Begun(host, 0)),
            ("row in a transaction with 1 message", () => Begun(host, 1)),
            ("prepared row in a transaction", () => Begun(prepared, 0)),
            ("prepared row in a transaction with 1 message", () => Begun(prepared, 1)),
        ];
        var rates = new double[steps.Length];
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var (number, (what, step)) in steps.Index())
            {
                rates[number] += await lab.Rate(what, Writers, step, lab.Span / Turns) / Turns;
            }
        }

        var (business, one, ten) = (rates[0], rates[1], rates[2]);
        figures.Add("peer.business_tx_per_s", business, "tx/s");
        figures.Add("outbox.staged_1_per_s", one, "tx/s");
        figures.Add("outbox.staged_10_per_s", ten, "tx/s");
        figures.AddRatio("outbox.staged_vs_business", one, business);
        figures.AddRatio("outbox.staged_10_vs_business", ten, business);
        figures.AddRatio("outbox.staged_vs_one_row", rates[6], rates[5]);
        figures.AddRatio("outbox.staged_vs_one_row_prepared", rates[8], rates[7]);
        figures.AddRatio("outbox.staged_vs_lone_row", rates[4], rates[3]);
    }

    static async Task Transaction(Running host, int messages, int lines = 2)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await OutboxDatabase.Save(scope.ServiceProvider, messages, lines);
    }

    static async Task Begun(Running host, int messages)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BenchDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await OutboxDatabase.Save(scope.ServiceProvider, messages, lines: 0);
        await transaction.CommitAsync();
    }
}
