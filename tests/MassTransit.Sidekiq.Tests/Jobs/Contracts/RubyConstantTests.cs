namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class RubyConstantTests
{
    public static TheoryData<Type> Types =>
        [
            typeof(SubmitOrder),
            typeof(SubmitOrder[]),
            typeof(Inner),
            typeof(Fault<SubmitOrder>),
            typeof(Fault<Inner>),
            typeof(Pair<SubmitOrder, Inner>),
            typeof(Contracts.RequestCompleted),
        ];

    [Theory]
    [MemberData(nameof(Types))]
    public void Class_of_a_message_is_the_same_whether_its_type_is_at_hand_or_only_its_name(Type type) =>
        Assert.Equal(RubyConstant.From(type), RubyConstant.FromUrn(MessageUrn.ForTypeString(type)));

    [Theory]
    [InlineData("urn:message:Shop.Contracts:SubmitOrder", "Shop::Contracts::SubmitOrder")]
    [InlineData("urn:message:submit_order", "Submit_order")]
    [InlineData("https://shop.example/order", "Https::Shop::Exampleorder")]
    [InlineData("", "T")]
    public void Class_of_any_name_is_a_constant(string urn, string expected)
    {
        Assert.Equal(expected, RubyConstant.FromUrn(urn));
        Assert.True(RubyConstant.IsValid(RubyConstant.FromUrn(urn)));
    }

    public sealed record Inner(int Id);

    public sealed record Pair<TLeft, TRight>(TLeft Left, TRight Right);
}
