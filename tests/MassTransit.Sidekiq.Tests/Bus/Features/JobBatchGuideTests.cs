using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of docs/batches.md, as it stands there.</summary>
public sealed class JobBatchGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Import_of_the_guide_reports_when_its_rows_and_what_they_added_are_done()
    {
        await using var redis = await RedisServer.Lease();
        var imported = new Seen<FileImported>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddConsumer<ImportConsumer>().Endpoint(e => e.Name = "files");
                x.AddConsumer<RowConsumer>().Endpoint(e => e.Name = "rows");
            },
            (_, cfg) =>
            {
                cfg.ReceiveEndpoint("imports", e => e.Note(imported));
                cfg.ReceiveEndpoint("pictures", e => e.Handler<ResizePicture>(_ => Task.CompletedTask));
            }
        );

        await bus.Send("files", new ImportFile("prices.csv", ["1", "2", "with a picture"]));

        Assert.Equal(new FileImported("prices.csv"), await imported.Next());
        var listed = await bus.Services.GetRequiredService<ISidekiqInspector>().Batches.List();
        Assert.Equal(5, Assert.Single(listed, batch => batch.Description == "prices.csv").Total);
    }

    public sealed class ImportConsumer(ISidekiqBatches batches) : IConsumer<ImportFile>
    {
        public Task Consume(ConsumeContext<ImportFile> context) =>
            batches.Start(
                batch =>
                {
                    batch.Description = context.Message.Name;
                    batch.OnSuccess(new Uri("queue:imports"), new FileImported(context.Message.Name));
                    batch.OnDeath(new Uri("queue:imports"), new FileStuck(context.Message.Name));
                },
                async batch =>
                {
                    foreach (var row in context.Message.Rows)
                    {
                        await batch.Send(new Uri("queue:rows"), new ImportRow(row));
                    }
                },
                context.CancellationToken
            );
    }

    public sealed class RowConsumer(ISidekiqBatches batches) : IConsumer<ImportRow>
    {
        public async Task Consume(ConsumeContext<ImportRow> context)
        {
            if (context.Message.Row != "with a picture")
            {
                return;
            }

            var id = context.GetJob().BatchId;
            await context.Send(new Uri("queue:rows"), new ImportRow("one more"), x => x.Job(job => job.BatchId = id));
            await batches.Start(
                inner => inner.ParentId = id,
                inner => inner.Send(new Uri("queue:pictures"), new ResizePicture("front.png"))
            );
        }
    }

    public sealed record ImportFile(string Name, string[] Rows);

    public sealed record ImportRow(string Row);

    public sealed record ResizePicture(string Name);

    public sealed record FileImported(string Name);

    public sealed record FileStuck(string Name);
}
