namespace MassTransit.Sidekiq.Tests.Topology;

public sealed class JobAddressTests
{
    static readonly Uri host = new("sidekiq://redis-1:7000/2/");

    [Theory]
    [InlineData("sidekiq://redis-1:7000/2/orders", "/orders")]
    [InlineData("sidekiq://elsewhere/orders", "/orders")]
    [InlineData("sidekiq://redis-1:7000/2/answers?temporary=true", "/answers?temporary=true")]
    [InlineData("sidekiq://redis-1:7000/2/Shop:Order?type=topic", "/Shop:Order?type=topic")]
    [InlineData("queue:orders", "queue:orders")]
    [InlineData("topic:Shop:Order", "topic:Shop:Order")]
    [InlineData("rabbitmq://broker/vhost/orders?durable=true", "rabbitmq://broker/vhost/orders?durable=true")]
    public void Address_in_a_job_names_no_host_of_ours_and_is_else_as_it_was(string address, string expected) =>
        Assert.Equal(expected, JobAddress.Relative(new Uri(address)));

    [Theory]
    [InlineData("/orders", "sidekiq://redis-1:7000/2/orders")]
    [InlineData("/answers?temporary=true", "sidekiq://redis-1:7000/2/answers?temporary=true")]
    [InlineData("sidekiq://elsewhere/orders", "sidekiq://elsewhere/orders")]
    [InlineData("queue:orders", "queue:orders")]
    [InlineData("rabbitmq://broker/vhost/orders?durable=true", "rabbitmq://broker/vhost/orders?durable=true")]
    [InlineData("", "")]
    public void Reader_takes_an_address_without_a_host_for_one_of_its_own(string address, string expected) =>
        Assert.Equal(expected, JobAddress.Absolute(address, host));

    [Fact]
    public void No_address_stays_none()
    {
        Assert.Null(JobAddress.Relative(null));
        Assert.Null(JobAddress.Absolute(null, host));
    }

    [Theory]
    [InlineData("sidekiq://redis-1:7000/2/orders")]
    [InlineData("sidekiq://redis-1:7000/2/a%20b?temporary=true")]
    [InlineData("queue:orders")]
    public void Address_that_travels_in_a_job_of_its_own_host_comes_back(string address) =>
        Assert.Equal(address, JobAddress.Absolute(JobAddress.Relative(new Uri(address)), host));

    [Fact]
    public void Address_follows_its_reader_to_the_name_that_he_has_for_the_host() =>
        Assert.Equal(
            "sidekiq://other/orders",
            JobAddress.Absolute(JobAddress.Relative(new Uri(host, "orders")), new Uri("sidekiq://other/"))
        );
}
