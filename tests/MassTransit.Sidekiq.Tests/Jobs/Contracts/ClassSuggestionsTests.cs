namespace MassTransit.Sidekiq.Tests.Jobs;

public class ClassSuggestionsTests
{
    readonly ClassSuggestions suggestions = new();

    public ClassSuggestionsTests()
    {
        Add("orders", Class<OrdersPaid>("Shop::OrdersPaid"), Class<InvoiceSent>("Billing::InvoiceSent"));
        Add("mails", Class<MailOpened>("Mail::Opened", "Legacy::LetterRead"));
    }

    [Theory]
    // Another spelling.
    [InlineData("shop/orders_paid", "Shop::OrdersPaid")]
    [InlineData("Shop.OrdersPaid", "Shop::OrdersPaid")]
    [InlineData("Shop::OrdersPaidJob", "Shop::OrdersPaid")]
    [InlineData("shop:orders-paid-worker", "Shop::OrdersPaid")]
    // A letter or two.
    [InlineData("Shop::OrderPaid", "Shop::OrdersPaid")]
    [InlineData("Shop::OrdersPiad", "Shop::OrdersPaid")]
    // Another namespace, or none.
    [InlineData("Store::OrdersPaid", "Shop::OrdersPaid")]
    [InlineData("InvoiceSent", "Billing::InvoiceSent")]
    [InlineData("Shop::InvoiceSend", "Billing::InvoiceSent")]
    public void Near_class_is_named(string meant, string named) =>
        Assert.Equal($"Did you mean '{named}'? ", suggestions.For(meant, "orders"));

    [Fact]
    public void Near_class_of_another_endpoint_is_named_with_its_queue() =>
        Assert.Equal("Did you mean 'Mail::Opened' (on queue 'mails')? ", suggestions.For("mail/opened", "orders"));

    [Theory]
    [InlineData("Mail::Opened")]
    [InlineData("Legacy::LetterRead")]
    [InlineData("::Mail::Opened")]
    public void Class_or_alias_that_another_endpoint_takes_is_on_the_wrong_queue(string jobClass) =>
        Assert.Equal("It is consumed on queue 'mails': push it there. ", suggestions.For(jobClass, "orders"));

    [Theory]
    [InlineData("HardWorker")]
    [InlineData("A")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("🦊::🦊🦊🦊🦊")]
    public void Nothing_is_suggested_where_nothing_is_near(string? jobClass) =>
        Assert.Equal("", suggestions.For(jobClass, "orders"));

    [Fact]
    public void Nearest_three_are_named_and_the_nearest_first()
    {
        Add(
            "many",
            Class<One>("Shop::PaymentTaken"),
            Class<Two>("Old::PaymentTaken"),
            Class<Three>("Shop::PaymentToken"),
            Class<Four>("Shop::PaymentTakers")
        );

        Assert.Equal(
            "Did you mean 'Shop::PaymentTaken' or 'Old::PaymentTaken' or 'Shop::PaymentToken'? ",
            suggestions.For("shop/payment_taken", "many")
        );
    }

    [Fact]
    public void Class_of_a_megabyte_is_not_compared() =>
        Assert.Equal("", suggestions.For(new string('x', 1_000_000), "orders"));

    void Add(string queue, params JobContract[] contracts)
    {
        var classes = new JobClassMap();
        Array.ForEach(contracts, classes.Add);
        suggestions.Add(queue, classes);
    }

    static JobContract Class<T>(string name, params string[] aliases)
        where T : class
    {
        var contracts = new JobContracts();
        contracts.Job<T>(job =>
        {
            job.Class(name);
            Array.ForEach(aliases, alias => job.Alias(alias));
        });
        return contracts.For<T>();
    }

    public sealed record OrdersPaid(int Id);

    public sealed record InvoiceSent(int Id);

    public sealed record MailOpened(int Id);

    public sealed record One(int Id);

    public sealed record Two(int Id);

    public sealed record Three(int Id);

    public sealed record Four(int Id);
}
