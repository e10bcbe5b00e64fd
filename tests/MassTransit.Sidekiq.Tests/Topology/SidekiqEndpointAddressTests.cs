namespace MassTransit.Sidekiq.Tests.Topology;

public sealed class SidekiqEndpointAddressTests
{
    static readonly Uri host = new("sidekiq://redis-1:7000/2/");

    [Theory]
    [InlineData("queue:orders", "sidekiq://redis-1:7000/2/orders")]
    [InlineData("queue:answers?temporary=true", "sidekiq://redis-1:7000/2/answers?temporary=true")]
    [InlineData("topic:Shop:Order", "sidekiq://redis-1:7000/2/Shop:Order?type=topic")]
    [InlineData("exchange:Shop:Order", "sidekiq://redis-1:7000/2/Shop:Order?type=exchange")]
    [InlineData("exchange:answers?temporary=true", "sidekiq://redis-1:7000/2/answers?temporary=true")]
    [InlineData("sidekiq://other/orders", "sidekiq://other/orders")]
    [InlineData("sidekiq://other/3/orders", "sidekiq://other/3/orders")]
    [InlineData("sidekiq://user:s3cret@other/orders", "sidekiq://other/orders")]
    [InlineData("sidekiq://other/7", "sidekiq://other/7")]
    [InlineData("sidekiq://other/Shop:Order?type=topic", "sidekiq://other/Shop:Order?type=topic")]
    public void Address_has_one_long_form(string written, string expected)
    {
        var address = SidekiqEndpointAddress.Parse(host, new Uri(written));

        Assert.Equal(expected, address.ToString());
        Assert.Equal(address, SidekiqEndpointAddress.Parse(host, address.ToUri()));
    }

    [Fact]
    public void Queue_may_be_called_by_a_number() =>
        Assert.Equal(
            ("7", 0),
            SidekiqEndpointAddress.Parse(host, new Uri("sidekiq://other/7")) is var address
                ? (address.Name, address.Host.Database)
                : default
        );

    [Theory]
    [InlineData("queue:")]
    [InlineData("sidekiq://other")]
    [InlineData("sidekiq://other/3/")]
    public void Address_without_a_name_is_refused(string written)
    {
        var fault = Assert.Throws<ArgumentException>(() => SidekiqEndpointAddress.Parse(host, new Uri(written)));

        Assert.Contains("names no queue or topic", fault.Message, StringComparison.Ordinal);
    }
}
