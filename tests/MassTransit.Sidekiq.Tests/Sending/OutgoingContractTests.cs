using MassTransit.Serialization;
using MassTransit.Sidekiq.Tests.Jobs;
using MassTransit.Sidekiq.Tests.Receiving;

namespace MassTransit.Sidekiq.Tests.Sending;

public sealed class OutgoingContractTests
{
    const string Unknown = "urn:message:Shop.Contracts:OrderShipped";

    readonly JobContracts contracts = new();

    [Fact]
    public void Message_goes_out_under_the_contract_of_its_own_type()
    {
        Assert.Same(contracts.For<MakeInvoice>(), contracts.Of(Message(new MakeInvoice(Guid.Empty, 1))));
    }

    [Fact]
    public void Names_of_its_own_type_mean_its_contract_whatever_their_case_and_whatever_follows()
    {
        var context = Message(new MakeInvoice(Guid.Empty, 1));

        context.SupportedMessageTypes = [MessageUrn.ForTypeString<MakeInvoice>().ToUpperInvariant(), Unknown];

        Assert.Same(contracts.For<MakeInvoice>(), contracts.Of(context));
    }

    [Fact]
    public void Body_of_another_type_that_is_known_here_goes_out_under_its_contract()
    {
        var other = contracts.For<NightlyReport>();
        var context = Message(new MakeInvoice(Guid.Empty, 1));

        context.SupportedMessageTypes = [MessageUrn.ForTypeString<NightlyReport>()];

        Assert.Same(other, contracts.Of(context));
    }

    [Fact]
    public void Body_of_a_type_that_nobody_knows_has_the_class_that_its_name_has_by_convention()
    {
        var context = Message(new MakeInvoice(Guid.Empty, 1));
        context.SupportedMessageTypes = [Unknown];

        var contract = contracts.Of(context);

        Assert.Equal(
            ("Shop::Contracts::OrderShipped", SidekiqArgs.Hash, false),
            (contract.Class, contract.Args, contract.IsOfType)
        );
    }

    [Theory]
    [InlineData("Pay", null, """["id"]""", SidekiqArgs.Positional)]
    [InlineData("Pay", null, "[]", SidekiqArgs.Hash)]
    [InlineData("Sidekiq::ActiveJob::Wrapper", "Report", "[]", SidekiqArgs.ActiveJob)]
    public void Forwarded_body_of_a_type_that_nobody_knows_becomes_what_its_job_was(
        string jobClass,
        string? wrapped,
        string names,
        SidekiqArgs args
    )
    {
        var inside = wrapped is null ? "null" : $"\"{wrapped}\"";
        var context = Forwarded(
            $$$"""{"class":"{{{jobClass}}}","wrapped":{{{inside}}},"mt":{"type":["{{{Unknown.ToUpperInvariant()}}}"],"args":{{{names}}}}}"""
        );

        var contract = contracts.Of(context);

        Assert.Equal((wrapped ?? "Pay", args), (contract.Class, contract.Args));
        Assert.Equal(args == SidekiqArgs.Positional ? ["id"] : [], contract.ArgumentNames);
        Assert.All(contract.Parameters, parameter => Assert.True(parameter.IsOptional));
    }

    [Theory]
    [InlineData("""{"class":"Pay","mt":{"type":["urn:message:Shop:Another"]}}""")]
    [InlineData("""{"class":"Pay","mt":{}}""")]
    [InlineData("""{"class":"Pay"}""")]
    [InlineData("""{"mt":{"type":["urn:message:Shop.Contracts:OrderShipped"]}}""")]
    public void Job_of_another_message_lends_its_class_to_nobody(string consumed) =>
        Assert.Equal("Shop::Contracts::OrderShipped", contracts.Of(Forwarded(consumed)).Class);

    [Fact]
    public void Message_that_names_no_type_goes_out_under_the_contract_of_what_it_was_sent_as()
    {
        var context = Message(new MakeInvoice(Guid.Empty, 1));

        context.SupportedMessageTypes = [];

        Assert.Same(contracts.For<MakeInvoice>(), contracts.Of(context));
    }

    [Fact]
    public void Bytes_that_name_neither_type_nor_class_are_nobodys_job()
    {
        var context = Message(new SerializedMessageBody());
        context.MessageId = Guid.Empty;
        context.SupportedMessageTypes = [];

        var fault = Assert.Throws<MessageException>(() => contracts.Of(context));
        Assert.Contains($"{Guid.Empty}", fault.Message, StringComparison.Ordinal);

        context.JobClass = "Pay";
        Assert.NotNull(contracts.Of(context));
    }

    [Fact]
    public void Staged_message_goes_out_as_it_was_staged()
    {
        var context = Message(new MakeInvoice(Guid.Empty, 1));
        context.ReadPropertiesFrom(new Dictionary<string, object> { [JobProperties.Class] = "Staged" });

        Assert.Equal("Staged", contracts.Of(context).Class);
    }

    static JobSendContext<T> Message<T>(T message)
        where T : class => new(message, CancellationToken.None);

    // Sent while a job was consumed.
    static JobSendContext<MakeInvoice> Forwarded(string consumed)
    {
        var context = Message(new MakeInvoice(Guid.Empty, 1));
        context.SupportedMessageTypes = [Unknown];
        context.GetOrAddPayload(() => new ConsumingEndpoint().Consume(consumed));
        return context;
    }
}
