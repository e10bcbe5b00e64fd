using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class RedactionTests
{
    readonly JobContracts contracts = new();

    [Theory]
    [InlineData(
        """[{"id":7,"card":"4111","payer":{"name":"Ada","iban":"DE1"},"lines":[{"sku":"a","note":"n"}],"keys":{"a":"1"}}]""",
        """[{"id":7,"card":"[hidden]","payer":{"name":"Ada","iban":"[hidden]"},"lines":[{"sku":"a","note":"[hidden]"}],"keys":"[hidden]"}]"""
    )]
    [InlineData("""[{"ID":7,"Card":4111.50}]""", """[{"ID":7,"Card":"[hidden]"}]""")]
    [InlineData("""["4111"]""", """["[hidden]"]""")]
    [InlineData("""[{"id":7},"4111"]""", """[{"id":7},"[hidden]"]""")]
    [InlineData("""{"card":"4111"}""", """["[hidden]"]""")]
    [InlineData("""[{"\ud800":1,"card":"4111"}]""", """["[hidden]"]""")]
    public void Secret_properties_are_hidden_wherever_they_are(string args, string shown)
    {
        contracts.For<Pay>();

        Assert.Equal(shown, Shown($$"""{"class":"{{Class<Pay>()}}","args":{{args}}}"""));
    }

    [Fact]
    public void Names_of_another_spelling_are_hidden_too()
    {
        contracts.For<Snake>();

        Assert.Equal(
            """[{"card_number":"[hidden]","cardNumber":"[hidden]"}]""",
            Shown($$"""{"class":"{{Class<Snake>()}}","args":[{"card_number":1,"cardNumber":2}]}""")
        );
    }

    [Fact]
    public void Positional_arguments_are_hidden_by_their_place()
    {
        contracts.For<PayCard>();

        Assert.Equal("""[7,"[hidden]",null]""", Shown("""{"class":"Billing::PayCard","args":[7,"4111",null]}"""));
    }

    [Theory]
    [InlineData(
        """[{"card":"4111","id":7,"_aj_ruby2_keywords":["card","id"]}]""",
        """[{"card":"[hidden]","id":7,"_aj_ruby2_keywords":["card","id"]}]"""
    )]
    [InlineData("""[7,"4111"]""", """[7,"[hidden]"]""")]
    [InlineData("\"4111\"", "\"[hidden]\"")]
    public void Arguments_of_an_ActiveJob_are_hidden_in_its_wrapper(string arguments, string shown)
    {
        contracts.For<PayLater>();
        const string job =
            """{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Billing::PayLater","args":[{"queue_name":"low","arguments":*}]}""";

        Assert.Equal(
            $$"""[{"queue_name":"low","arguments":{{shown}}}]""",
            Shown(job.Replace("*", arguments, StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Parameters_and_arguments_of_a_mail_are_hidden()
    {
        contracts.For<ResetMail>();
        const string job =
            """{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"ActionMailer::MailDeliveryJob","args":[{"arguments":["UserMailer","reset","deliver_now",{"args":["4111"],"params":{"user":"a","token":"4111"}}]}]}""";

        Assert.Equal(
            """[{"arguments":["UserMailer","reset","deliver_now",{"args":"[hidden]","params":{"user":"a","token":"[hidden]"}}]}]""",
            Shown(job)
        );
    }

    [Fact]
    public void Fault_hides_what_its_message_hides()
    {
        contracts.For<Fault<Pay>>();

        Assert.Equal(
            """[{"message":{"id":7,"card":"[hidden]"}}]""",
            Shown($$$"""{"class":"{{{Class<Fault<Pay>>()}}}","args":[{"message":{"id":7,"card":"4111"}}]}""")
        );
    }

    [Fact]
    public void Envelope_and_type_that_is_secret_as_a_whole_are_hidden_whole()
    {
        contracts.For<Pay>();
        contracts.For<Token>();

        Assert.Equal(
            """["[hidden]"]""",
            Shown(
                $$$"""{"class":"{{{Class<Pay>()}}}","args":[{"message":{"card":"4111"}}],"mt":{"ct":"application/vnd.masstransit+json"}}"""
            )
        );
        Assert.Equal(
            """["[hidden]"]""",
            Shown($$$"""{"class":"{{{Class<Pay>()}}}","args":[{"card":"4111"}],"mt":{"ct":"; no type"}}""")
        );
        Assert.Equal("""["[hidden]"]""", Shown($$"""{"class":"{{Class<Token>()}}","args":[{"value":"4111"}]}"""));
    }

    [Fact]
    public void Message_under_another_class_is_known_by_its_type()
    {
        contracts.For<Pay>();

        Assert.Equal(
            """[{"card":"[hidden]"}]""",
            Shown(
                $$$"""{"class":"Other","args":[{"card":"4111"}],"mt":{"type":["{{{MessageUrn.ForTypeString<Pay>()}}}"]}}"""
            )
        );
    }

    [Fact]
    public void Nothing_but_the_arguments_changes_and_without_a_secret_not_even_the_instance()
    {
        contracts.For<Pay>();
        contracts.For<PayCard>();
        var other = Parse("""{"class":"Other","args":[ {"card":"4111"} ]}""");
        var nothing = Parse($$"""{"class":"{{Class<Pay>()}}","args":[ {"id":7,"card":null} ]}""");

        Assert.Same(other, Redaction().Of(other));
        Assert.Same(nothing, Redaction().Of(nothing));
        Assert.Equal(
            """{"x" : 1,"class":"Billing::PayCard","args":[1,"[hidden]"],"error_message":"4111","y":2.50}""",
            Redaction()
                .Of(Parse("""{"x" : 1,"class":"Billing::PayCard","args":[1,"4111"],"error_message":"4111","y":2.50}"""))
                .RawJson
        );
    }

    [Fact]
    public void Encrypted_argument_stays_as_it_is_and_those_beside_it_are_hidden()
    {
        contracts.For<PayCard>();

        Assert.Equal(
            """[7,"[hidden]","mt1.1.AAAA"]""",
            Shown("""{"class":"Billing::PayCard","args":[7,"4111","mt1.1.AAAA"],"mt":{"enc":true}}""")
        );
    }

    [Fact]
    public void Callback_hides_all_arguments_and_one_that_fails_hides_them_too()
    {
        var pay = Parse("""{"class":"Pay","args":[1,{"card":"4111"}]}""");
        var other = Parse("""{"class":"Other","args":[1]}""");
        var some = new Redaction(contracts, job => job.Class == "Pay");

        Assert.Equal("""{"class":"Pay","args":["[hidden]"]}""", some.Of(pay).RawJson);
        Assert.Same(other, some.Of(other));
        Assert.Equal(
            """{"class":"Other","args":["[hidden]"]}""",
            new Redaction(contracts, _ => throw new InvalidOperationException("broken")).Of(other).RawJson
        );
    }

    Redaction Redaction() => new(contracts, hides: null);

    string Shown(string job) => Encoding.UTF8.GetString(Redaction().Of(Parse(job)).Args.Span);

    string Class<T>()
        where T : class => contracts.For<T>().Class;

    static SidekiqJob Parse(string json) => SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");

    internal sealed record Pay(
        int Id,
        [SidekiqSecret] string? Card,
        Payer? Payer,
        IReadOnlyList<Line>? Lines,
        [SidekiqSecret] Dictionary<string, string>? Keys,
        Pay? Before
    );

    internal sealed record Payer(string Name)
    {
        [SidekiqSecret]
        public string? Iban { get; init; }
    }

    internal sealed record Line(string Sku, [property: SidekiqSecret] string Note);

    internal sealed record Snake([SidekiqSecret] string CardNumber);

    [SidekiqSecret]
    internal sealed record Token(string Value);

    [SidekiqJob("Billing::PayCard", Args = SidekiqArgs.Positional)]
    internal sealed record PayCard(int Id, [SidekiqSecret] string Card, string? Note = null);

    [SidekiqJob("Billing::PayLater", Args = SidekiqArgs.ActiveJob)]
    internal sealed record PayLater(int Id, [SidekiqSecret] string Card);

    [SidekiqMail("UserMailer", "reset")]
    internal sealed record ResetMail(string User, [SidekiqSecret] string Token);
}
