namespace MassTransit.Sidekiq.Tests.Configuration;

public sealed class SidekiqHostSettingsTests
{
    readonly SidekiqHostSettings settings = new();

    [Fact]
    public void What_nobody_sets_is_the_default_of_the_options()
    {
        var defaults = new SidekiqTransportOptions();
        var made = settings.ToRedisSettings();

        Assert.Equal([("localhost", 6379)], settings.Redis.Endpoints);
        Assert.Equal(defaults.ConnectTimeout, TimeSpan.FromMilliseconds(made.Options.ConnectTimeout));
        Assert.Equal(defaults.ClientName, made.Options.ClientName);
        Assert.Equal(
            (defaults.DeadMaxJobs, defaults.DeadTimeout),
            (settings.DeadSet.MaxJobs, settings.DeadSet.Timeout)
        );
        Assert.Empty(settings.Validate());
    }

    [Fact]
    public void Options_are_taken_one_by_one()
    {
        settings.Apply(Options());

        var made = settings.ToRedisSettings();
        Assert.Equal([("redis-1", 7000), ("redis-2", 7001)], settings.Redis.Endpoints);
        Assert.Equal((3, "user", "s3cret"), (settings.Database, made.Options.User, made.Options.Password));
        Assert.Equal((true, "shop", "primary"), (made.Options.Ssl, made.Options.ClientName, made.Options.ServiceName));
        Assert.Equal(1500, made.Options.ConnectTimeout);
        Assert.Equal(("app:", 2), (made.KeyPrefix, made.Replicas));
        Assert.Equal(("watcher", "s3cret too"), (made.SentinelUserName, made.SentinelPassword));
        Assert.Equal(
            ("Shop", 5, TimeSpan.FromDays(1)),
            (settings.Application, settings.DeadSet.MaxJobs, settings.DeadSet.Timeout)
        );
        Assert.Empty(settings.Validate());
    }

    [Fact]
    public void Url_of_the_options_decides_over_them_where_it_says_anything()
    {
        var options = Options();
        options.Url = "redis://other:word@elsewhere:8000/7";

        settings.Apply(options);

        var made = settings.ToRedisSettings().Options;
        Assert.Equal([("elsewhere", 8000), ("redis-2", 7001)], settings.Redis.Endpoints);
        Assert.Equal((7, "other", "word"), (settings.Database, made.User, made.Password));
        Assert.Equal(("shop", 1500), (made.ClientName, made.ConnectTimeout));
    }

    [Fact]
    public void What_the_configurator_sets_decides_over_both()
    {
        var options = Options();
        options.Url = "redis://other:word@elsewhere:8000/7";
        settings.Apply(options);

        settings.Database = 9;
        settings.Password = "last";
        settings.ClientName = "last";
        settings.ConnectTimeout = TimeSpan.FromSeconds(9);
        settings.UseTls = false;
        settings.KeyPrefix = "last:";
        settings.Replicas = 9;
        settings.DeadMaxJobs = 9;
        ((ISidekiqHostConfigurator)settings).Application = "Last";

        var made = settings.ToRedisSettings();
        Assert.Equal((9, "other", "last"), (settings.Database, made.Options.User, made.Options.Password));
        Assert.Equal(("last", 9000, false), (made.Options.ClientName, made.Options.ConnectTimeout, made.Options.Ssl));
        Assert.Equal(
            ("last:", 9, "Last", 9),
            (made.KeyPrefix, made.Replicas, settings.Application, settings.DeadSet.MaxJobs)
        );
    }

    [Fact]
    public void Url_of_the_configurator_decides_over_the_options()
    {
        settings.Apply(Options());

        settings.Apply("redis://elsewhere:8000/7");

        Assert.Equal(("elsewhere", 8000), settings.Redis.Endpoints[0]);
        Assert.Equal(7, settings.Database);
    }

    [Fact]
    public void Each_setting_of_the_configurator_reaches_the_options_of_the_bus()
    {
        settings.KeyPrefix = "app:";
        settings.SentinelUserName = "watcher";
        settings.SentinelPassword = "s3cret";
        settings.Replicas = 2;
        settings.MaxWaitingConnections = 3;
        settings.TimeFormat = SidekiqTimeFormat.IntegerMilliseconds;
        settings.DeadMaxJobs = 4;
        settings.DeadTimeout = TimeSpan.FromDays(5);
        settings.RemoteControl = SidekiqRemoteControl.Off;
        settings.MovesRubyJobs = true;

        var options = settings.Options;
        Assert.Equal(
            ("app:", "watcher", "s3cret"),
            (options.KeyPrefix, options.SentinelUserName, options.SentinelPassword)
        );
        Assert.Equal((2, 3, 4), (options.Replicas, options.MaxWaitingConnections, options.DeadMaxJobs));
        Assert.Equal((TimeSpan.FromDays(5), true), (options.DeadTimeout, options.MovesRubyJobs));
        Assert.Equal(
            (SidekiqTimeFormat.IntegerMilliseconds, SidekiqRemoteControl.Off),
            (options.TimeFormat, options.RemoteControl)
        );
    }

    [Fact]
    public void Two_buses_of_the_same_options_do_not_share_what_each_sets()
    {
        var options = Options();
        var other = new SidekiqHostSettings();
        settings.Apply(options);
        other.Apply(options);

        settings.KeyPrefix = "mine:";
        settings.Replicas = 9;
        settings.Database = 9;
        settings.Endpoint("redis-9");

        Assert.Equal(("app:", 2, 3), (other.Options.KeyPrefix, other.Options.Replicas, other.Database));
        Assert.Equal(("app:", 2, 3), (options.KeyPrefix, options.Replicas, options.Database));
        Assert.Equal(2, other.Redis.Endpoints.Count);
        Assert.Single(options.Endpoints);
    }

    [Fact]
    public void Application_is_named_after_its_entry_assembly_unless_it_is_named()
    {
        Assert.Equal(System.Reflection.Assembly.GetEntryAssembly()!.GetName().Name, settings.Application);

        ((ISidekiqHostConfigurator)settings).Application = "Shop";

        Assert.Equal("Shop", settings.Application);
    }

    [Fact]
    public void Further_options_of_the_client_are_set_on_the_connections_of_the_bus()
    {
        settings.Configure(options => options.SslHost = "redis.internal");

        Assert.Equal("redis.internal", settings.ToRedisSettings().Options.SslHost);
    }

    [Fact]
    public void Factory_of_a_connection_needs_a_container()
    {
        settings.UseConnection(_ => throw new InvalidOperationException("nobody asks for it"));

        var fault = Assert.Single(settings.Validate());
        Assert.Equal("Host", fault.Key);
        Assert.StartsWith("UseConnection ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_once_and_at_once()
    {
        settings.Apply(new SidekiqTransportOptions { Host = " ", Port = 0 });
        settings.Apply("no url");
        settings.Endpoint("redis-2", 65536);
        settings.Database = -1;
        settings.ClientName = "my shop";
        settings.ConnectTimeout = TimeSpan.Zero;
        settings.Replicas = -2;
        settings.MaxWaitingConnections = -3;
        settings.TimeFormat = (SidekiqTimeFormat)7;
        settings.RemoteControl = (SidekiqRemoteControl)8;
        settings.DeadMaxJobs = 0;
        settings.DeadTimeout = TimeSpan.FromSeconds(-1);
        ((ISidekiqHostConfigurator)settings).Application = " ";

        var faults = settings.Validate().ToList();

        Assert.All(faults, fault => Assert.Equal(ValidationResultDisposition.Failure, fault.Disposition));
        (string Key, string Value)[] expected =
        [
            ("Host", "Url is neither a URL nor a connection string."),
            ("Host", "' :0'"),
            ("Host", "'redis-2:65536'"),
            ("Database", "-1 "),
            ("ClientName", "'my shop'"),
            ("Replicas", "-2 "),
            ("MaxWaitingConnections", "-3 "),
            ("ConnectTimeout", "00:00:00 "),
            ("TimeFormat", "7 "),
            ("RemoteControl", "8 "),
            ("Application", ""),
            ("DeadMaxJobs", "0 "),
            ("DeadTimeout", "-00:00:01 "),
        ];
        Assert.Equal(expected.Select(fault => fault.Key), faults.Select(fault => fault.Key));
        Assert.All(
            expected.Zip(faults),
            pair => Assert.StartsWith(pair.First.Value, pair.Second.Message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Least_that_is_right_is_right()
    {
        settings.Endpoint("redis-1", 1);
        settings.Endpoint("redis-2", 65535);
        settings.ConnectTimeout = TimeSpan.FromMilliseconds(1);
        settings.Replicas = 0;
        settings.MaxWaitingConnections = 0;
        settings.DeadMaxJobs = 1;
        settings.DeadTimeout = TimeSpan.FromTicks(1);

        Assert.Empty(settings.Validate());
    }

    static SidekiqTransportOptions Options() =>
        new()
        {
            Host = "redis-1",
            Port = 7000,
            Endpoints = { "redis-2:7001" },
            Database = 3,
            UserName = "user",
            Password = "s3cret",
            UseTls = true,
            ClientName = "shop",
            ConnectTimeout = TimeSpan.FromMilliseconds(1500),
            ServiceName = "primary",
            SentinelUserName = "watcher",
            SentinelPassword = "s3cret too",
            KeyPrefix = "app:",
            Replicas = 2,
            Application = "Shop",
            DeadMaxJobs = 5,
            DeadTimeout = TimeSpan.FromDays(1),
        };
}
