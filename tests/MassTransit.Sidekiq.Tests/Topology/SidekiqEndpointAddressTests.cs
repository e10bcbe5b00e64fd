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

    [Theory]
    [InlineData("queue:orders", "orders", false, false, false)]
    [InlineData("queue:answers?temporary=true", "answers", false, true, false)]
    [InlineData("topic:Shop:Order", "Shop:Order", true, false, false)]
    [InlineData("exchange:orders", "orders", true, false, true)]
    [InlineData("exchange:answers?temporary=true", "answers", false, true, false)]
    [InlineData("sidekiq://other/Shop:Order?Type=Topic&x=y", "Shop:Order", true, false, false)]
    [InlineData("sidekiq://other/orders?types=topic", "orders", false, false, false)]
    public void Address_tells_what_it_leads_to(
        string written,
        string name,
        bool isTopic,
        bool isTemporary,
        bool isExchange
    )
    {
        var address = SidekiqEndpointAddress.Parse(host, new Uri(written));

        Assert.Equal(
            (name, isTopic, isTemporary, isExchange),
            (address.Name, address.IsTopic, address.IsTemporary, address.IsExchange)
        );
    }

    [Theory]
    [InlineData("orders eu")]
    [InlineData("a/b?c#d")]
    [InlineData("100%25")]
    [InlineData("zürich")]
    [InlineData("Shop:Order+Line")]
    public void Name_of_any_characters_comes_back_from_its_address(string name)
    {
        var queue = SidekiqEndpointAddress.Queue(host, name, isTemporary: true);
        var topic = SidekiqEndpointAddress.Topic(host, name);

        Assert.Equal(queue, SidekiqEndpointAddress.Parse(host, queue.ToUri()));
        Assert.Equal(topic, SidekiqEndpointAddress.Parse(host, topic.ToUri()));
    }

    [Fact]
    public void Unknown_scheme_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<ArgumentException>(() =>
            SidekiqEndpointAddress.Parse(host, new Uri("rabbitmq://other/orders"))
        );

        Assert.Contains("has the scheme 'rabbitmq'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("sidekiq://host/name, queue:name and topic:name", fault.Message, StringComparison.Ordinal);
    }
}
