namespace MassTransit.Sidekiq.Tests.Topology;

public class SidekiqHostAddressTests
{
    [Theory]
    [InlineData("sidekiq://redis-1", "redis-1", 6379, 0)]
    [InlineData("sidekiq://redis-1:7000/2", "redis-1", 7000, 2)]
    [InlineData("redis://redis-1/3/", "redis-1", 6379, 3)]
    [InlineData("rediss://user:s3cret@redis-1:6380/3?ssl=true", "redis-1", 6380, 3)]
    [InlineData("sidekiq://redis-1/2/orders", "redis-1", 6379, 2)]
    [InlineData("sidekiq://redis-1/orders", "redis-1", 6379, 0)]
    [InlineData("sidekiq://redis-1/-1", "redis-1", 6379, 0)]
    [InlineData("sidekiq://10.0.0.1:7000", "10.0.0.1", 7000, 0)]
    [InlineData("sidekiq://[::1]:7000/2", "[::1]", 7000, 2)]
    public void Host_port_and_database_are_read(string address, string host, int port, int database) =>
        Assert.Equal(new SidekiqHostAddress(host, port, database), SidekiqHostAddress.Parse(new Uri(address)));

    [Theory]
    [InlineData("redis-1", 6379, 0, "sidekiq://redis-1/")]
    [InlineData("redis-1", 7000, 0, "sidekiq://redis-1:7000/")]
    [InlineData("redis-1", 6379, 2, "sidekiq://redis-1/2/")]
    [InlineData("::1", 7000, 2, "sidekiq://[::1]:7000/2/")]
    [InlineData("[::1]", 6379, 0, "sidekiq://[::1]/")]
    public void What_is_usual_is_left_out_of_it(string host, int port, int database, string expected)
    {
        var address = new SidekiqHostAddress(host, port, database);

        Assert.Equal(expected, $"{address}");
        Assert.Equal(expected, $"{SidekiqHostAddress.Parse(address.ToUri())}");
    }

    [Fact]
    public void Credentials_do_not_reach_it() =>
        Assert.Equal("sidekiq://redis-1/", $"{SidekiqHostAddress.Parse(new Uri("redis://user:s3cret@redis-1"))}");
}
