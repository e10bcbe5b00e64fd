using System.Text;
using MassTransit.Serialization;
using MassTransit.Sidekiq.Tests.Jobs;

namespace MassTransit.Sidekiq.Tests.Sending;

/// <summary>What an outbox keeps of a message beside its body, and makes of it later without knowing its type.</summary>
public sealed class JobPropertiesTests
{
    static readonly Guid token = new("a1b2c3d4-0000-0000-0000-000000000001");

    readonly BusRuntime runtime = new SidekiqBusConfiguration().Host.Runtime;

    [Fact]
    public void Message_with_nothing_to_say_of_its_job_keeps_its_class_alone() =>
        Assert.Equal(
            new Dictionary<string, object> { [JobProperties.Class] = runtime.Contracts.For<SubmitOrder>().Class },
            Written(Context(new SubmitOrder(7)))
        );

    [Fact]
    public void What_was_set_on_the_message_comes_back()
    {
        var context = Context(new SubmitOrder(7));
        context.JobClass = "Other";
        context.ScheduledMessageId = token;
        (context.RoutingKey, context.PartitionKey) = ("route", "part");

        var read = Read(Written(context));

        Assert.Equal(("Other", token), (read.JobClass, read.ScheduledMessageId));
        Assert.Equal(("route", "part"), (read.RoutingKey, read.PartitionKey));
        Assert.Equal("Other", read.Stored!.Contract.Class);
    }

    [Fact]
    public void Options_come_back_those_of_the_message_over_those_of_its_contract()
    {
        var context = Context(new MakeInvoice(token, 1));
        context.Options = new JobOptions
        {
            Backtrace = 5,
            Dead = false,
            RetryFor = TimeSpan.FromHours(1),
            RetryQueue = "low",
            Tags = ["a", "é"],
            Other = new Dictionary<string, object?> { ["lock"] = "while" },
        };

        var read = Read(Written(context));

        Assert.Equal(
            """{"retry":5,"backtrace":5,"dead":false,"retry_for":3600,"retry_queue":"low","tags":["a","é"],"lock":"while"}""",
            Encoding.UTF8.GetString(read.Options.ToJson()!)
        );
    }

    [Fact]
    public void Positional_arguments_their_names_and_the_queue_of_the_contract_come_back()
    {
        var stored = Read(Written(Context(new MakeInvoice(token, 2.5m)))).Stored!;

        Assert.Equal($$"""["{{token}}",2.5,"EUR"]""", Encoding.UTF8.GetString(stored.Args!.Value.Span));
        Assert.Equal(("Billing::InvoiceWorker", "billing"), (stored.Contract.WireClass, stored.Contract.Queue));
        Assert.Equal(SidekiqArgs.Positional, stored.Contract.Args);
        Assert.Equal(["orderId", "total", "currency"], stored.Contract.ArgumentNames);
        Assert.False(stored.Contract.IsOfType);
    }

    [Fact]
    public void ActiveJob_comes_back_in_its_wrapper()
    {
        var context = Context(new NightlyReport(7, []), SidekiqNaming.SnakeCase);

        var stored = Read(Written(context)).Stored!;

        Assert.Equal((ActiveJobWrapper.Name, "Reports::Nightly"), (stored.Contract.WireClass, stored.Contract.Wrapped));
        Assert.Contains(
            "\"arguments\":[{\"for_year\":7,",
            Encoding.UTF8.GetString(stored.Args!.Value.Span),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Arguments_that_are_simply_the_body_are_not_kept_beside_it()
    {
        var stored = Read(Written(Context(new SubmitOrder(7)))).Stored!;

        Assert.Null(stored.Args);
        Assert.Equal((SidekiqArgs.Hash, null), (stored.Contract.Args, stored.Contract.Queue));
    }

    [Fact]
    public void Publish_keeps_the_entities_that_it_reaches()
    {
        runtime.Entities.Learn([new Entity("Shop:Order"), new Entity("Shop:INamed"), new Entity("Shop:IOrder")]);
        var context = Context(new SubmitOrder(7));
        context.DestinationAddress = new Uri("topic:Shop:Order");

        Assert.Equal(["Shop:Order", "Shop:INamed", "Shop:IOrder"], Read(Written(context)).Stored!.Entities!);
    }

    [Theory]
    [InlineData("topic:Shop:Alone")]
    [InlineData("topic:Shop:Unknown")]
    [InlineData("queue:Shop:Order")]
    [InlineData(null)]
    public void Message_that_reaches_no_other_entity_keeps_none(string? destination)
    {
        runtime.Entities.Learn([new Entity("Shop:Order"), new Entity("Shop:IOrder")]);
        runtime.Entities.Learn([new Entity("Shop:Alone")]);
        var context = Context(new SubmitOrder(7));
        context.DestinationAddress = destination is null ? null : new Uri(destination);

        Assert.Null(Read(Written(context)).Stored!.Entities);
    }

    [Fact]
    public void Message_that_is_staged_once_more_keeps_what_it_was_staged_with()
    {
        runtime.Entities.Learn([new Entity("Shop:Order"), new Entity("Shop:IOrder")]);
        var context = Context(new MakeInvoice(token, 2.5m));
        context.DestinationAddress = new Uri("topic:Shop:Order");
        context.ScheduledMessageId = token;
        var first = Written(context);

        Assert.Equal(first, Written(Read(first)));
    }

    [Fact]
    public void Message_that_another_transport_staged_has_no_job_yet()
    {
        var read = Read(new Dictionary<string, object> { [JobProperties.RoutingKey] = "route" });

        Assert.Null(read.Stored);
        Assert.Equal("route", read.RoutingKey);
        Assert.Same(JobOptions.None, read.Options);
    }

    [Fact]
    public void Token_that_is_none_is_none() =>
        Assert.Null(Read(new Dictionary<string, object> { [JobProperties.Token] = "soon" }).ScheduledMessageId);

    static Dictionary<string, object> Written<T>(JobSendContext<T> context)
        where T : class
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal);
        context.WritePropertiesTo(properties);
        return properties;
    }

    // In a process that knows nothing of the message.
    JobSendContext<SerializedMessageBody> Read(Dictionary<string, object> properties)
    {
        var context = Context(new SerializedMessageBody());
        context.ReadPropertiesFrom(properties);
        return context;
    }

    JobSendContext<T> Context<T>(T message, SidekiqNaming naming = SidekiqNaming.CamelCase)
        where T : class =>
        new(message, CancellationToken.None, runtime) { Serializer = new SidekiqMessageSerializer(naming) };

    sealed record Entity(string EntityName) : IPublishedEntity
    {
        public bool Exclude => false;

        public IReadOnlyList<IPublishedEntity> Parents => [];
    }
}
