namespace MassTransit.Sidekiq.Tests;

public sealed record Import(int Rows);

public sealed class Importer(ISidekiqBatches batches) : IConsumer<Import>
{
    public Task Consume(ConsumeContext<Import> context) =>
        batches.Start(
            batch =>
            {
                batch.Id = $"{context.MessageId:N}";
                batch.OnComplete(JobBatchTests.Events, new JobBatchTests.Told("complete"));
                batch.OnSuccess(JobBatchTests.Events, new JobBatchTests.Told("success"));
            },
            async batch =>
            {
                for (var row = 0; row < context.Message.Rows; row++)
                {
                    await batch.Send(JobBatchTests.Steps, new JobBatchTests.Step($"{row}"));
                }
            },
            context.CancellationToken
        );
}

public sealed class ImporterDefinition : ConsumerDefinition<Importer>
{
    public ImporterDefinition() => EndpointName = "import";

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<Importer> consumerConfigurator,
        IRegistrationContext context
    ) => endpointConfigurator.UseInMemoryOutbox(context);
}
