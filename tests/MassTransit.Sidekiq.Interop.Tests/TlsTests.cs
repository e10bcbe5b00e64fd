using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The service that the README shows, against a Redis that speaks TLS.</summary>
public class TlsTests
{
    [Fact]
    public async Task Service_sends_waits_and_consumes_over_TLS()
    {
        var folder = Directory.CreateTempSubdirectory("sidekiq-tls-").FullName;
        await WriteCertificate(folder);
        var port = FreePort.Next();
        await using var redis = await RedisServer.StartOwn(
            new RedisServerOptions
            {
                Password = "open-sesame",
                Lines =
                [
                    $"tls-port {port.ToString(CultureInfo.InvariantCulture)}",
                    $"tls-cert-file {folder}/server.pem",
                    $"tls-key-file {folder}/server.key",
                    $"tls-ca-cert-file {folder}/server.pem",
                    "tls-auth-clients no",
                ],
            }
        );
        var state = redis.Open();

        await using var service = QuickStart.Start(
            new Dictionary<string, string>
            {
                ["Sidekiq__Url"] = $"rediss://:open-sesame@127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/0",
                ["SSL_CERT_FILE"] = Path.Combine(folder, "server.pem"),
            }
        );
        await service.Line("Bus started");

        // The first job of ours meets a waiting connection, the second whatever comes after it.
        await state.Until(async _ => (await redis.Clients()).Contains("flags=b", StringComparison.Ordinal));
        for (var order = 1; order <= 2; order++)
        {
            await state.Db.ListLeftPushAsync("queue:payments", Paid(order));
            await state.Until(async now => (await now.Queue("mail")).Length == order + 1);
        }

        await service.Stop();
        Assert.Equal(0, service.ExitCode);
        Directory.Delete(folder, recursive: true);
    }

    static string Paid(int order) =>
        $$"""{"class":"Shop::OrderPaid","args":[{"orderId":{{order}},"total":9.5}],"jid":"{{order:x24}}","queue":"payments","retry":true,"created_at":{{TestClock.Pushed}}}""";

    // Signed by itself, so that whoever trusts this file trusts the server.
    static async Task WriteCertificate(string folder)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=redis", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        await File.WriteAllTextAsync(Path.Combine(folder, "server.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
