using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Redis as an application already has it: a connection, the options of one, a connection string.</summary>
public sealed class UserConnectionTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Bus_on_a_connection_of_the_users_own_sends_waits_consumes_and_names_its_server()
    {
        await using var redis = await RedisServer.Lease();
        await using var own = await Connect(redis);
        var seen = new Seen<SubmitOrder>();
        await using (
            var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    cfg.Host(host => host.UseConnection(own));
                    cfg.ReceiveEndpoint("orders", e => e.Note(seen));
                }
            )
        )
        {
            await bus.Send("orders", new SubmitOrder(1));
            await bus.Harness.Bus.Publish(new SubmitOrder(2));

            Assert.Equal(1, (await seen.Next()).OrderId);
            Assert.Equal(2, (await seen.Next()).OrderId);
            Assert.StartsWith(
                new SidekiqHostAddress(redis.Host, redis.Port, redis.Database).ToString(),
                bus.Harness.Bus.Address.ToString(),
                StringComparison.Ordinal
            );
        }

        Assert.True(own.IsConnected);
        Assert.Equal(0, await own.GetDatabase().ListLengthAsync("queue:orders"));
        Assert.True(await own.GetDatabase().StringSetAsync("still", "open"));
    }

    [Fact]
    public async Task Connection_is_taken_from_the_container()
    {
        await using var redis = await RedisServer.Lease();
        await using var own = await Connect(redis);
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddSingleton<IConnectionMultiplexer>(own),
            (_, cfg) =>
            {
                cfg.Host(host => host.UseConnection(services => services.GetRequiredService<IConnectionMultiplexer>()));
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal(1, (await seen.Next()).OrderId);
    }

    [Fact]
    public void Factory_without_a_container_is_a_fault()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
                cfg.Host(host => host.UseConnection(_ => throw new InvalidOperationException()))
            )
        );

        Assert.Contains("has no container", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_the_client_has_an_option_for_can_be_set_for_every_connection()
    {
        await using var server = await TlsServer.Start();
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            server.Redis.Open(),
            output,
            configure: (_, cfg) =>
            {
                cfg.Host($"127.0.0.1:{server.Port},ssl=true", host => host.Configure(server.Trust));
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );
        await server.Blocked();

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal(1, (await seen.Next()).OrderId);
    }

    [Fact]
    public async Task Waits_beside_a_connection_of_the_users_own_are_made_of_the_options_given_with_it()
    {
        await using var server = await TlsServer.Start();
        var options = ConfigurationOptions.Parse($"127.0.0.1:{server.Port},ssl=true");
        server.Trust(options);
        await using var own = await ConnectionMultiplexer.ConnectAsync(options);
        var seen = new Seen<SubmitOrder>();
        await using var bus = await TestBus.Start(
            server.Redis.Open(),
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(host => host.UseConnection(own, options));
                cfg.ReceiveEndpoint("orders", e => e.Note(seen));
            }
        );
        await server.Blocked();

        await bus.Send("orders", new SubmitOrder(1));

        Assert.Equal(1, (await seen.Next()).OrderId);
    }

    [Theory]
    [InlineData("redis-1:7000,password=s3cret,ssl=true,defaultDatabase=2", "sidekiq://redis-1:7000/2/")]
    [InlineData("redis-1,ssl=true", "sidekiq://redis-1:6380/")]
    [InlineData("redis-1:7000,redis-2:7000", "sidekiq://redis-1:7000/")]
    [InlineData("sentinel-1,sentinel-2:26379,serviceName=mymaster,password=s3cret", "sidekiq://mymaster/")]
    public void Connection_string_of_the_client_is_taken_wherever_a_url_is(string text, string address)
    {
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(text));

        Assert.StartsWith(address, bus.Address.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", bus.Address.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_string_that_cannot_be_read_is_a_fault_and_is_not_repeated()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host("redis:6379,pasword=s3cret"))
        );

        Assert.Contains("neither a URL nor a connection string", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_without_a_host_is_the_first_server()
    {
        var settings = new SidekiqHostSettings();
        settings.Endpoint("redis-1", 7000);
        settings.Endpoint("redis-2");

        Assert.Equal([("redis-1", 7000), ("redis-2", 6379)], settings.Redis.Endpoints);
    }

    [Fact]
    public async Task AddSidekiq_takes_the_connection_string_of_its_name()
    {
        await using var redis = await RedisServer.Lease();
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection([
            new("ConnectionStrings:cache", $"{redis.Host}:{redis.Port},defaultDatabase={redis.Database}"),
        ]);
        builder.AddSidekiq("cache", options => options.KeyPrefix = "app:");
        builder.Services.AddMassTransit(x => x.UsingSidekiq());
        using var app = builder.Build();

        var endpoint = await app.Services.GetRequiredService<IBus>().GetSendEndpoint(new Uri("queue:orders"));
        await endpoint.Send(new SubmitOrder(1), TestContext.Current.CancellationToken).InTime();

        Assert.Equal(1, await redis.Db.ListLengthAsync("app:queue:orders"));
    }

    [Fact]
    public void AddSidekiq_without_its_connection_string_says_so_at_start()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.AddSidekiq("cache");
        builder.Services.AddMassTransit(x => x.UsingSidekiq());
        using var app = builder.Build();

        var fault = Assert.Throws<OptionsValidationException>(() =>
            app.Services.GetRequiredService<IStartupValidator>().Validate()
        );

        Assert.Contains("ConnectionStrings:cache is missing", fault.Message, StringComparison.Ordinal);
    }

    // As an application makes one: without admin mode.
    static async Task<ConnectionMultiplexer> Connect(RedisDatabase redis) =>
        await ConnectionMultiplexer
            .ConnectAsync($"{redis.Host}:{redis.Port},defaultDatabase={redis.Database},password={redis.Password}")
            .InTime();

    // A Redis that wants a client certificate, and has one that only these tests trust.
    sealed class TlsServer(RedisServer redis, int port, X509Certificate2 certificate, string folder) : IAsyncDisposable
    {
        public RedisServer Redis => redis;

        public int Port => port;

        public static async Task<TlsServer> Start()
        {
            var folder = Directory.CreateTempSubdirectory("sidekiq-tls-").FullName;
            var certificate = await Write(folder);
            var port = FreePort.Next();
            var redis = await RedisServer.StartOwn(
                new RedisServerOptions
                {
                    Lines =
                    [
                        $"tls-port {port}",
                        $"tls-cert-file {folder}/server.pem",
                        $"tls-key-file {folder}/server.key",
                        $"tls-ca-cert-file {folder}/server.pem",
                        "tls-auth-clients yes",
                    ],
                }
            );
            return new TlsServer(redis, port, certificate, folder);
        }

        // What cannot be said in a connection string: the client's certificate, and which server to trust.
        public void Trust(ConfigurationOptions options)
        {
            options.CertificateSelection += (_, _, _, _, _) => certificate;
            options.CertificateValidation += (_, presented, _, errors) =>
                errors == SslPolicyErrors.None || presented?.GetCertHashString() == certificate.GetCertHashString();
        }

        // A wait is under way.
        public Task Blocked() =>
            Until(async () => (await redis.Clients()).Contains(" flags=b ", StringComparison.Ordinal));

        public async ValueTask DisposeAsync()
        {
            await redis.DisposeAsync();
            certificate.Dispose();
            Directory.Delete(folder, recursive: true);
        }

        static async Task<X509Certificate2> Write(string folder)
        {
            using var key = RSA.Create(2048);
            var request = new CertificateRequest("CN=redis", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            var now = TimeProvider.System.GetUtcNow();
            using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            await File.WriteAllTextAsync($"{folder}/server.pem", made.ExportCertificatePem());
            await File.WriteAllTextAsync($"{folder}/server.key", key.ExportPkcs8PrivateKeyPem());
            return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
        }
    }
}
