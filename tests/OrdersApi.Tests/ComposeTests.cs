using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrdersApi.Tests;

/// <summary>Docker is not at hand where the tests run; what its files say is compared with what they speak of.</summary>
public sealed partial class ComposeTests
{
    static readonly string folder = Repository.PathOf("samples/OrdersApi");

    [Fact]
    public async Task Each_service_is_an_image_with_a_version_or_is_built_from_files_that_are_there()
    {
        var services = await Services();

        Assert.Equal(["api", "dashboard", "postgres", "redis", "ruby"], services.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, service) in services)
        {
            if (service.TryGetProperty("image", out var image))
            {
                Assert.Matches(@"^[a-z]+:\d+-[a-z]+$", image.GetString());
                continue;
            }

            var (context, dockerfile) = Build(service);
            Assert.True(File.Exists(dockerfile), $"{name}: {dockerfile}");
            var copied = Copy()
                .Matches(await File.ReadAllTextAsync(dockerfile))
                .SelectMany(copy => copy.Groups[1].Value.Split(' ').SkipLast(1));
            Assert.Empty(copied.Where(file => !Path.Exists(Path.Combine(context, file))));
        }
    }

    [Fact]
    public async Task Images_are_started_as_the_demo_starts_them()
    {
        var services = await Services();

        var api = await File.ReadAllTextAsync(Build(services["api"]).Dockerfile);
        Assert.Contains($"\"{typeof(Program).Assembly.GetName().Name}.dll\"", api, StringComparison.Ordinal);
        var dashboard = await File.ReadAllTextAsync(Build(services["dashboard"]).Dockerfile);
        Assert.Contains("\"DashboardHost.dll\"", dashboard, StringComparison.Ordinal);
        var ruby = await File.ReadAllTextAsync(Build(services["ruby"]).Dockerfile);
        Assert.Contains(
            "\"sidekiq\", \"-C\", \"sidekiq.yml\", \"-r\", \"./worker.rb\"",
            ruby,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Image_of_the_worker_has_each_of_its_files()
    {
        var dockerfile = await File.ReadAllTextAsync(Path.Combine(folder, "ruby/Dockerfile"));

        var files = Directory.GetFiles(Path.Combine(folder, "ruby")).Select(Path.GetFileName);
        Assert.Empty(
            files.Where(file => file != "Dockerfile" && !dockerfile.Contains($" {file!} ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Settings_of_the_API_are_settings_that_it_has()
    {
        var api = Environment((await Services())["api"]);
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "appsettings.json")));
        var known = Leaves(file.RootElement, "").Append("ASPNETCORE_HTTP_PORTS");

        Assert.Empty(api.Keys.Except(known));
        Assert.True(
            TimeSpan.TryParse(api["Orders__PaymentTimeout"], CultureInfo.InvariantCulture, out var timeout)
                && timeout > TimeSpan.Zero
        );
    }

    [Fact]
    public async Task Dashboard_has_settings_that_it_knows_a_port_of_its_own_and_a_password_from_outside()
    {
        var services = await Services();
        var dashboard = Environment(services["dashboard"]);
        using var file = JsonDocument.Parse(
            await File.ReadAllTextAsync(Repository.PathOf("samples/DashboardHost/appsettings.json"))
        );
        var known = Leaves(file.RootElement, "").Append("ASPNETCORE_HTTP_PORTS").Append("ConnectionStrings__redis");

        Assert.Empty(dashboard.Keys.Except(known));
        Assert.Equal("${DASHBOARD_PASSWORD:-}", dashboard["Dashboard__Admin__Password"]);
        Assert.Equal(Environment(services["api"])["ConnectionStrings__redis"], dashboard["ConnectionStrings__redis"]);
        var ports = Assert.Single(services["dashboard"].GetProperty("ports").EnumerateArray()).GetString()!.Split(':');
        Assert.Equal(["5001", dashboard["ASPNETCORE_HTTP_PORTS"]], ports);
    }

    [Fact]
    public async Task Hosts_in_addresses_are_services_that_are_waited_for()
    {
        var services = await Services();

        foreach (var (name, service) in services)
        {
            var awaited = service.TryGetProperty("depends_on", out var dependencies)
                ? dependencies.EnumerateObject().Select(other => other.Name).ToList()
                : [];
            var hosts = Environment(service)
                .Values.SelectMany(value => Host().Matches(value))
                .Select(host => host.Groups[1].Value);

            Assert.Equal(awaited.Order(StringComparer.Ordinal), hosts.Distinct().Order(StringComparer.Ordinal));
            Assert.All(
                awaited,
                other => Assert.True(services[other].TryGetProperty("healthcheck", out _), $"{name} waits for {other}")
            );
        }
    }

    [Fact]
    public async Task Database_is_opened_with_the_name_and_password_it_was_made_with()
    {
        var services = await Services();
        var postgres = Environment(services["postgres"]);

        Assert.Equal(
            $"Host=postgres;Database={postgres["POSTGRES_DB"]};Username={postgres["POSTGRES_USER"]};Password={postgres["POSTGRES_PASSWORD"]}",
            Environment(services["api"])["ConnectionStrings__Orders"]
        );
    }

    [Fact]
    public async Task Published_port_is_that_of_the_file_of_requests_and_leads_to_the_port_of_the_API()
    {
        var api = (await Services())["api"];
        var ports = Assert.Single(api.GetProperty("ports").EnumerateArray()).GetString()!.Split(':');

        Assert.Equal(Environment(api)["ASPNETCORE_HTTP_PORTS"], ports[1]);
        Assert.StartsWith(
            $"@api = http://localhost:{ports[0]}\n",
            await File.ReadAllTextAsync(Path.Combine(folder, "OrdersApi.http")),
            StringComparison.Ordinal
        );
    }

    // Ruby reads YAML, and hands it on as JSON.
    static async Task<IReadOnlyDictionary<string, JsonElement>> Services()
    {
        var json = await Ruby.Run(
            "require 'yaml'; require 'json'; puts JSON.generate(YAML.load_file(ENV['COMPOSE']))",
            new Dictionary<string, string> { ["COMPOSE"] = Path.Combine(folder, "docker-compose.yml") }
        );

        return JsonElement
            .Parse(json)
            .GetProperty("services")
            .EnumerateObject()
            .ToDictionary(service => service.Name, service => service.Value, StringComparer.Ordinal);
    }

    static (string Context, string Dockerfile) Build(JsonElement service)
    {
        var build = service.GetProperty("build");
        var context = Path.GetFullPath(Path.Combine(folder, build.GetProperty("context").GetString()!));
        var dockerfile = build.TryGetProperty("dockerfile", out var named) ? named.GetString()! : "Dockerfile";

        return (context, Path.Combine(context, dockerfile));
    }

    static Dictionary<string, string> Environment(JsonElement service) =>
        service.TryGetProperty("environment", out var environment)
            ? environment
                .EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal)
            : [];

    static IEnumerable<string> Leaves(JsonElement element, string path) =>
        element.ValueKind == JsonValueKind.Object
            ? element
                .EnumerateObject()
                .SelectMany(part => Leaves(part.Value, path.Length == 0 ? part.Name : $"{path}__{part.Name}"))
            : [path];

    [GeneratedRegex("^COPY (?!--from)(.+)$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex("(?:redis://|Host=)([a-z]+)")]
    private static partial Regex Host();
}
