using System.Buffers;
using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobContractTests
{
    readonly JobContracts contracts = new();

    [Fact]
    public void Message_is_by_convention_one_object_for_a_class_of_its_own_name()
    {
        var contract = contracts.For<SubmitOrder>();

        Assert.Equal("MassTransit::Sidekiq::Tests::Jobs::SubmitOrder", contract.Class);
        Assert.Equal(contract.Class, contract.WireClass);
        Assert.Null(contract.Wrapped);
        Assert.Null(contract.Queue);
        Assert.Equal(SidekiqArgs.Hash, contract.Args);
        Assert.Equal("application/json", contract.ContentType.MediaType);
        Assert.Equal(new JobOptions(), contract.Options);
        Assert.Equal(["orderId", "customer"], contract.Parameters.Select(parameter => parameter.Name));
    }

    [Fact]
    public void Attribute_says_otherwise()
    {
        var contract = contracts.For<NightlyReport>();

        Assert.Equal("Reports::Nightly", contract.Class);
        Assert.Equal("ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper", contract.WireClass);
        Assert.Equal("Reports::Nightly", contract.Wrapped);
        Assert.Equal("low", contract.Queue);
        Assert.Equal(["NightlyReport"], contract.Aliases);
        Assert.Equal("application/vnd.sidekiq.snake+json", contract.ContentType.MediaType);
        Assert.Equivalent(
            new JobOptions
            {
                Retry = false,
                Backtrace = 10,
                Dead = false,
                RetryFor = TimeSpan.FromHours(1),
                RetryQueue = "slow",
                Tags = ["reports"],
                ExpiresIn = TimeSpan.FromMinutes(10),
            },
            contract.Options,
            strict: true
        );
    }

    [Fact]
    public void Configuration_wins_over_the_attribute_and_later_over_earlier()
    {
        contracts.Job<NightlyReport>(job => job.Class("Other").Retry(7).Dead(true).Backtrace().Option("lock", "x"));
        contracts.Job<NightlyReport>(job =>
            job.Class("Another")
                .Positional()
                .Naming(SidekiqNaming.AsDeclared)
                .Queue("q")
                .Alias("Old")
                .Tags("a", "b")
                .Option("ttl", 1)
        );

        var contract = contracts.For<NightlyReport>();

        Assert.Equal("Another", contract.Class);
        Assert.Equal(["NightlyReport", "Old"], contract.Aliases);
        Assert.Equal("q", contract.Queue);
        Assert.Equal(SidekiqArgs.Positional, contract.Args);
        Assert.Equal(SidekiqNaming.AsDeclared, contract.Naming);
        Assert.Equal(SidekiqRetry.Times(7), contract.Options.Retry);
        Assert.Equal(SidekiqBacktrace.All, contract.Options.Backtrace);
        Assert.True(contract.Options.Dead);
        Assert.Equal(["a", "b"], contract.Options.Tags);
        Assert.Equal(["lock", "ttl"], contract.Options.Other!.Keys.Order());
        Assert.Equal(TimeSpan.FromHours(1), contract.Options.RetryFor);
    }

    [Fact]
    public void Contract_asked_for_before_it_was_configured_is_made_again()
    {
        var before = contracts.For<SubmitOrder>();

        contracts.Job<SubmitOrder>(job => job.Class("Order"));

        Assert.NotEqual("Order", before.Class);
        Assert.Equal("Order", contracts.For<SubmitOrder>().Class);
        Assert.Same(contracts.For<SubmitOrder>(), contracts.For<SubmitOrder>());
    }

    [Fact]
    public void Options_of_one_send_win_over_those_of_the_contract()
    {
        var contract = new JobOptions
        {
            Retry = 3,
            Dead = false,
            Tags = ["a"],
            Other = new Dictionary<string, object?> { ["x"] = 1, ["y"] = 1 },
        };

        var send = new JobOptions
        {
            Retry = false,
            RetryQueue = "low",
            Other = new Dictionary<string, object?> { ["y"] = 2 },
        };

        var merged = send.Over(contract);

        Assert.Equal(SidekiqRetry.Never, merged.Retry);
        Assert.False(merged.Dead);
        Assert.Equal(["a"], merged.Tags);
        Assert.Equal("low", merged.RetryQueue);
        Assert.Equal(1, merged.Other!["x"]);
        Assert.Equal(2, merged.Other["y"]);
        Assert.Same(contract, JobOptions.None.Over(contract));
    }

    [Fact]
    public void Hash_wraps_the_body_as_it_is()
    {
        Assert.Equal("""[{"orderId":42}]""", Write<SubmitOrder>("""{"orderId":42}"""));
    }

    [Fact]
    public void Hash_is_read_without_a_copy()
    {
        byte[] json = [.. """{"class":"X","args":[{"orderId":42}]}"""u8];

        var body = contracts.For<SubmitOrder>().ReadArgs(SidekiqJob.Parse(json, "orders"));

        Assert.Equal("""{"orderId":42}""", Text(body));
        json["""{"class":"X","args":[{"orderId":"""u8.Length] = (byte)'7';
        Assert.Equal("""{"orderId":72}""", Text(body));
    }

    [Theory]
    [InlineData("[]", "passes 0 arguments, but SubmitOrder takes one object (orderId, [customer])")]
    [InlineData("[1,2]", "passes 2 arguments, but SubmitOrder takes one object (orderId, [customer])")]
    [InlineData("[42]", "passes a number as args[0], but SubmitOrder takes one object")]
    [InlineData("[null]", "passes null as args[0], but SubmitOrder takes one object")]
    [InlineData("[[{}]]", "passes an array as args[0], but SubmitOrder takes one object")]
    [InlineData("null", "passes 0 arguments")]
    [InlineData("{}", "has an object as its args, but SubmitOrder needs an array")]
    [InlineData("\"x\"", "has a string as its args, but SubmitOrder needs an array")]
    public void Arguments_that_are_not_one_object_are_refused(string args, string reason)
    {
        var refusal = Assert.Throws<JobArgumentsException>(() => Read<SubmitOrder>(args));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'MassTransit::Sidekiq::Tests::Jobs::SubmitOrder'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("[{}]")]
    public void Message_without_properties_needs_no_argument(string args)
    {
        Assert.Equal("{}", Read<Empty>(args));
    }

    [Fact]
    public void Job_without_args_is_a_job_without_arguments()
    {
        var job = SidekiqJob.Parse("""{"class":"X"}"""u8.ToArray(), "orders");

        Assert.Equal("{}", Text(contracts.For<Empty>().ReadArgs(job)));
        Assert.Throws<JobArgumentsException>(() => contracts.For<MakeInvoice>().ReadArgs(job));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_replaced_in_the_message_and_kept_in_the_job()
    {
        byte[] json = [.. """{"class":"X","args":[{"customer":"a"""u8, 0xff, .. "\"}]}"u8];
        var job = SidekiqJob.Parse(json, "orders");

        Assert.Equal("{\"customer\":\"a\ufffd\"}"u8, contracts.For<SubmitOrder>().ReadArgs(job).Span);
        Assert.Contains((byte)0xff, job.Args.ToArray());
    }

    [Fact]
    public void Comments_between_arguments_do_no_harm()
    {
        Assert.Equal("""{"orderId":/* x */1}""", Read<SubmitOrder>("""[ /* , */ {"orderId":/* x */1} ]"""));
        Assert.Equal("""{"first":2,"second":1}""", Sorted(Read<Renumber>("[/* a */1/* b */,/* c */2]")));
    }

    string Write<T>(string body)
        where T : class
    {
        var output = new ArrayBufferWriter<byte>();
        contracts.For<T>().WriteArgs(Encoding.UTF8.GetBytes(body), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    string Read<T>(string args)
        where T : class
    {
        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes($$"""{"class":"X","args":{{args}}}"""), "orders");
        return Text(contracts.For<T>().ReadArgs(job));
    }

    static string Sorted(string body) =>
        "{" + string.Join(',', body[1..^1].Split(',').Order(StringComparer.Ordinal)) + "}";

    static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
