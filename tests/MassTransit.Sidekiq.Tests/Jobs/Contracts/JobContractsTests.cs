namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobContractsTests
{
    readonly JobContracts contracts = new();

    [Fact]
    public void What_is_right_is_not_reported()
    {
        contracts.Job<NightlyReport>(job => job.Retry(0));
        contracts.For<SubmitOrder>();
        contracts.For<MakeInvoice>();
        contracts.For<MoveStock>();
        contracts.For<Renumber>();
        contracts.For<IReserveSeat>();
        contracts.For<Fault<SubmitOrder>>();

        Assert.Empty(contracts.Validate());
    }

    [Fact]
    public void All_faults_are_reported_at_once_with_their_values()
    {
        contracts.Job<SubmitOrder>(job =>
            job.Class("submit.order")
                .Alias("Old", "old-class")
                .Queue("orders eu")
                .RetryQueue("")
                .Retry(-2)
                .RetryFor(TimeSpan.Zero)
                .ExpiresIn(TimeSpan.FromMilliseconds(1))
                .Option("jid", 1)
        );

        var faults = contracts.Validate().ToList();

        Assert.All(faults, fault => Assert.Equal(ValidationResultDisposition.Failure, fault.Disposition));
        Assert.Collection(
            faults.Select(fault => fault.Message),
            fault =>
                Assert.StartsWith(
                    "Job class 'submit.order' of SubmitOrder is not a Ruby constant.",
                    fault,
                    StringComparison.Ordinal
                ),
            fault => Assert.StartsWith("Job class 'old-class'", fault, StringComparison.Ordinal),
            fault =>
                Assert.Equal(
                    "Queue name 'orders eu' contains a space. Sidekiq's Web UI can open only queues made of letters, digits, '-', '_', '.' and ':'. "
                        + "Rename the queue of SubmitOrder.",
                    fault
                ),
            fault => Assert.StartsWith("A queue name is empty.", fault, StringComparison.Ordinal),
            fault => Assert.Equal("Retry of SubmitOrder is -2. Set it to 0 or more, or to false.", fault),
            fault => Assert.StartsWith("RetryFor of SubmitOrder is 0 seconds.", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("ExpiresIn of SubmitOrder is 0.001 seconds.", fault, StringComparison.Ordinal),
            fault =>
                Assert.StartsWith(
                    "Job key 'jid' of SubmitOrder is written from the message itself.",
                    fault,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void Retry_that_is_neither_number_nor_boolean_is_reported()
    {
        contracts.For<OddRetry>();

        Assert.Equal(
            [
                "Retry of OddRetry is 'often'. Set it to true, false or a whole number.",
                "Backtrace of OddRetry is '1.5'. Set it to true, false or a whole number.",
            ],
            contracts.Validate().Select(fault => fault.Message)
        );
    }

    [Fact]
    public void Positional_map_that_would_lose_a_property_is_reported()
    {
        contracts.For<Gap>();
        contracts.For<Twice>();
        contracts.For<Forgotten>();
        contracts.For<Outside>();

        Assert.Equal(
            [
                "Forgotten.B has no place among the arguments of its job and would be lost. Give it a [SidekiqArg] too, or [JsonIgnore].",
                "Gap.B is argument 2, where argument 1 is expected. Number the arguments from 0 without gaps, each once.",
                "Outside.B has no place among the arguments of its job and would be lost. Make it a constructor parameter, or give every argument a [SidekiqArg].",
                "Twice.B is argument 0, where argument 1 is expected. Number the arguments from 0 without gaps, each once.",
            ],
            contracts.Validate().Select(fault => fault.Message)
        );
    }

    [Theory]
    [InlineData(typeof(SubmitOrder), "MassTransit::Sidekiq::Tests::Jobs::SubmitOrder")]
    [InlineData(typeof(IReserveSeat), "MassTransit::Sidekiq::Tests::Jobs::IReserveSeat")]
    [InlineData(typeof(Gap), "MassTransit::Sidekiq::Tests::Jobs::JobContractsTests::Gap")]
    [InlineData(typeof(Fault<SubmitOrder>), "MassTransit::Fault_MassTransit_Sidekiq_Tests_Jobs_SubmitOrder")]
    [InlineData(typeof(Fault<Gap>), "MassTransit::Fault_MassTransit_Sidekiq_Tests_Jobs_JobContractsTests_Gap")]
    [InlineData(
        typeof(KeyValuePair<int, string>),
        "System::Collections::Generic::KeyValuePair_System_Int32_System_String"
    )]
    [InlineData(
        typeof(Dictionary<string, Gap>.KeyCollection),
        "System::Collections::Generic::Dictionary_System_String_MassTransit_Sidekiq_Tests_Jobs_JobContractsTests_Gap::KeyCollection"
    )]
    [InlineData(typeof(lower), "MassTransit::Sidekiq::Tests::Jobs::JobContractsTests::Lower")]
    [InlineData(typeof(_Underscore_), "MassTransit::Sidekiq::Tests::Jobs::JobContractsTests::Underscore_")]
    [InlineData(typeof(Größe), "MassTransit::Sidekiq::Tests::Jobs::JobContractsTests::Größe")]
    public void Name_of_a_type_becomes_a_Ruby_constant(Type type, string constant)
    {
        Assert.Equal(constant, RubyConstant.From(type));
        Assert.True(RubyConstant.IsValid(constant));
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData("A::B2_c", true)]
    [InlineData("::A::B", true)]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData("A::b", false)]
    [InlineData("A::", false)]
    [InlineData("A:B", false)]
    [InlineData("A.B", false)]
    [InlineData("A B", false)]
    [InlineData("2A", false)]
    [InlineData("A\n", false)]
    public void Class_name_is_a_Ruby_constant_or_no_class_name(string name, bool isValid)
    {
        Assert.Equal(isValid, RubyConstant.IsValid(name));
    }

    [SidekiqJob(Retry = "often", Backtrace = 1.5)]
    public record OddRetry;

    [SidekiqJob(Args = SidekiqArgs.Positional)]
    public record Gap([property: SidekiqArg(0)] int A, [property: SidekiqArg(2)] int B);

    [SidekiqJob(Args = SidekiqArgs.Positional)]
    public record Twice([property: SidekiqArg(0)] int A, [property: SidekiqArg(0)] int B);

    [SidekiqJob(Args = SidekiqArgs.Positional)]
    public record Forgotten([property: SidekiqArg(0)] int A, int B);

    [SidekiqJob(Args = SidekiqArgs.Positional)]
    public record Outside(int A)
    {
        public int B { get; set; }
    }

#pragma warning disable CS8981, CA1052, CA1715 // Names that are legal in C# and no constants in Ruby
    public record lower;

    public record _Underscore_;

    public record Größe;
#pragma warning restore CS8981, CA1052, CA1715
}
