namespace MassTransit.Sidekiq.Tests.Topology;

public class QueueNameTests
{
    [Theory]
    [InlineData("orders")]
    [InlineData("Orders-eu_2.high:low")]
    [InlineData("7")]
    public void Name_that_the_Web_UI_can_open_is_without_fault(string name)
    {
        Assert.True(QueueName.IsValid(name));
        Assert.Null(QueueName.Fault(name, "Rename it."));
    }

    [Theory]
    [InlineData("orders eu", "Queue name 'orders eu' contains a space. ")]
    [InlineData("orders/eu", "Queue name 'orders/eu' contains '/'. ")]
    [InlineData("zürich", "Queue name 'zürich' contains 'ü'. ")]
    [InlineData("a?b#c", "Queue name 'a?b#c' contains '?'. ")]
    [InlineData("", "A queue name is empty. ")]
    [InlineData("..", "Queue name '..' is a relative path segment in a URL. ")]
    [InlineData("a\nb", "Queue name 'a\nb' contains U+000A. ")]
    public void Any_other_is_refused_with_its_first_wrong_character_and_the_way_out(string name, string fault)
    {
        Assert.False(QueueName.IsValid(name));
        var told = QueueName.Fault(name, "Rename it.");
        Assert.StartsWith(fault, told, StringComparison.Ordinal);
        Assert.EndsWith(" Rename it.", told, StringComparison.Ordinal);
    }
}
