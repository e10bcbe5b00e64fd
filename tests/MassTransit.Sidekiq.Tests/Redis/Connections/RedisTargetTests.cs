using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

public sealed class RedisTargetTests
{
    readonly RedisTarget target = new();

    [Fact]
    public void Redis_is_on_this_machine_unless_another_is_named()
    {
        Assert.Equal([("localhost", 6379)], target.Endpoints);
        Assert.Equal("sidekiq://localhost/", $"{target.Address}");
        Assert.Equal("masstransit", target.Options.ClientName);
    }

    [Theory]
    [InlineData("redis://user:s3cret@redis-1:7000/2", "redis-1", 7000, 2, "user", "s3cret", false)]
    [InlineData("rediss://:s3%40cret@redis-1", "redis-1", 6379, 0, null, "s3@cret", true)]
    [InlineData("sidekiq://us%2Fer:a:b@redis-1/3", "redis-1", 6379, 3, "us/er", "a:b", false)]
    [InlineData("redis://redis-1", "redis-1", 6379, 0, null, null, false)]
    public void Url_tells_server_database_credentials_and_TLS(
        string url,
        string host,
        int port,
        int database,
        string? user,
        string? password,
        bool isEncrypted
    )
    {
        target.Apply(url);

        Assert.Empty(target.Faults);
        Assert.Equal([(host, port)], target.Endpoints);
        Assert.Equal(
            (database, user, password, isEncrypted),
            (target.Database, target.Options.User, target.Options.Password, target.Options.Ssl)
        );
    }

    [Theory]
    [InlineData("http://user:s3cret@redis-1", "Scheme 'http'")]
    [InlineData("redis://s3cret@redis-1", "has a user but no password")]
    [InlineData("s3cret", "neither a URL nor a connection string")]
    [InlineData("redis-1:6379,pasword=s3cret", "neither a URL nor a connection string")]
    [InlineData("redis://:s3/cret@redis-1", "neither a URL nor a connection string")]
    [InlineData("redis://:s3cret@redis-1:99999", "neither a URL nor a connection string")]
    [InlineData("redis-1:seven,password=s3cret", "neither a URL nor a connection string")]
    [InlineData(",", "neither a URL nor a connection string")]
    public void Text_that_is_not_understood_is_a_fault_which_does_not_repeat_it(string text, string fault)
    {
        target.Apply(text);

        Assert.Contains(fault, Assert.Single(target.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", target.Faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Url_of_another_scheme_changes_nothing()
    {
        target.First("redis-1", 7000);

        target.Apply("http://redis-2");

        Assert.Equal([("redis-1", 7000)], target.Endpoints);
    }

    [Fact]
    public void Connection_string_keeps_what_it_does_not_name()
    {
        target.Apply("rediss://user:s3cret@redis-1/2");
        target.Options.ConnectTimeout = 700;

        target.Apply("redis-2:7000,redis-3,password=other");

        Assert.Equal([("redis-2", 7000), ("redis-3", 6380)], target.Endpoints);
        Assert.Equal(
            ("user", "other", true, 2, 700, "masstransit"),
            (
                target.Options.User,
                target.Options.Password,
                target.Options.Ssl,
                target.Database,
                target.Options.ConnectTimeout,
                target.Options.ClientName
            )
        );
    }

    [Fact]
    public void Connection_string_decides_over_what_it_names()
    {
        target.Apply("redis://redis-1/2");

        target.Apply("redis-2:7000,defaultDatabase=5,connectTimeout=900,name=orders");

        Assert.Equal((5, 900, "orders"), (target.Database, target.Options.ConnectTimeout, target.Options.ClientName));
    }

    [Theory]
    [InlineData("redis-1", 6379)]
    [InlineData("redis-1,ssl=true", 6380)]
    [InlineData("redis-1,ssl=true,serviceName=primary", 26379)]
    public void Port_that_a_connection_string_leaves_out_is_the_one_its_client_takes(string text, int port)
    {
        target.Apply(text + ",");

        Assert.Equal([("redis-1", port)], target.Endpoints);
    }

    [Fact]
    public void Servers_are_those_of_the_options_then_the_first_then_the_further_ones()
    {
        target.Options.EndPoints.Add("redis-1", 7000);
        target.Options.EndPoints.Add(IPAddress.Loopback, 7001);
        target.Further("redis-4:7003");
        target.Further("redis-5");
        target.First("redis-3", 7002);

        Assert.Equal(
            [("redis-1", 7000), ("127.0.0.1", 7001), ("redis-3", 7002), ("redis-4", 7003), ("redis-5", 6379)],
            target.Endpoints
        );
        Assert.Equal(
            target.Endpoints.Select(server => $"{server.Host}:{server.Port}"),
            target.ToOptions().EndPoints.Select(RedisOptions.Address)
        );
        Assert.Equal(2, target.Options.EndPoints.Count);
    }

    [Theory]
    [InlineData("redis-2", "redis-2", 6379)]
    [InlineData("redis-2:7000", "redis-2", 7000)]
    [InlineData("::1", "::1", 6379)]
    [InlineData("[::1]", "::1", 6379)]
    [InlineData("[::1]:7000", "::1", 7000)]
    public void Further_server_may_be_named_by_an_address_of_either_kind(string endpoint, string host, int port)
    {
        target.Further(endpoint);

        Assert.Empty(target.Faults);
        Assert.Equal([(host, port)], target.Endpoints);
    }

    [Theory]
    [InlineData("redis-2:seven")]
    [InlineData("redis-2:")]
    [InlineData("redis-2:-7")]
    public void Further_server_whose_port_is_no_number_is_a_fault(string endpoint)
    {
        target.Further(endpoint);

        Assert.StartsWith(
            $"Endpoint '{endpoint}' is not host:port.",
            Assert.Single(target.Faults),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Unix_socket_is_a_server_of_this_machine_and_is_kept_as_it_is()
    {
        var socket = new UnixDomainSocketEndPoint("/run/redis.sock");
        target.Options.EndPoints.Add(socket);

        Assert.Empty(target.Endpoints);
        Assert.Equal("sidekiq://localhost/", $"{target.Address}");
        Assert.Equal([socket], target.ToOptions().EndPoints);
    }

    [Fact]
    public void Address_behind_sentinels_is_the_name_of_their_service()
    {
        target.Apply("sentinel-1,sentinel-2,serviceName=primary,defaultDatabase=2");

        Assert.Equal("sidekiq://primary/2/", $"{target.Address}");
        Assert.Equal([("sentinel-1", 26379), ("sentinel-2", 26379)], target.Endpoints);
    }

    [Fact]
    public async Task Connection_of_the_users_own_gives_its_address_and_the_database_that_was_named_wins()
    {
        await using var redis = await RedisServer.Lease();
        await using var connection = await redis.Connect();
        target.Database = redis.Database + 1;

        target.Use(connection, waits: null);

        Assert.Same(connection, target.Connection);
        Assert.Equal(new SidekiqHostAddress(redis.Host, redis.Port, redis.Database + 1), target.Address);
        Assert.Equal(redis.Password, target.Options.Password);
    }

    [Fact]
    public async Task Options_given_with_a_connection_are_copied()
    {
        await using var redis = await RedisServer.Lease();
        await using var connection = await redis.Connect();
        var waits = new ConfigurationOptions { DefaultDatabase = 5 };

        target.Use(connection, waits);
        waits.DefaultDatabase = 7;

        Assert.Equal((5, "masstransit"), (target.Database, target.Options.ClientName));
    }
}
