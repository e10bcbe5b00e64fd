using System.Reflection.Metadata;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What people install.</summary>
[Collection<InstallTests>]
public sealed partial class PackageTests(BuiltPackages packages)
{
    const string Transport = "MassTransit.Sidekiq";
    const string Outbox = "MassTransit.Sidekiq.Outbox";
    const string Dashboard = "MassTransit.Sidekiq.Dashboard";
    const string OpenTelemetry = "MassTransit.Sidekiq.OpenTelemetry";
    const string Embedded = "MassTransit.Sidekiq.Embedded";

    static readonly Guid sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    [Theory]
    [InlineData(Transport)]
    [InlineData(Outbox)]
    [InlineData(Dashboard)]
    [InlineData(OpenTelemetry)]
    [InlineData(Embedded)]
    public void Package_says_what_it_is(string package)
    {
        var metadata = packages.Metadata(package);

        Assert.Equal(package, Text(metadata, "id"));
        Assert.Equal("MIT", Text(metadata, "license"));
        Assert.Equal("README.md", Text(metadata, "readme"));
        Assert.Equal("icon.png", Text(metadata, "icon"));
        Assert.Equal(BuiltPackages.Origin, Text(metadata, "projectUrl").TrimEnd('/'));
        Assert.StartsWith($"{BuiltPackages.Origin}/blob/", Text(metadata, "releaseNotes"), StringComparison.Ordinal);
        Assert.Contains("sidekiq", Text(metadata, "tags").Split(' '));
        Assert.Contains("Sidekiq", Text(metadata, "description"), StringComparison.Ordinal);
        var repository = Element(metadata, "repository");
        Assert.Equal(BuiltPackages.Origin, repository.Attribute("url")?.Value.TrimEnd('/'));
        Assert.Equal(40, repository.Attribute("commit")?.Value.Length);
    }

    [Theory]
    [InlineData(Transport)]
    [InlineData(Outbox)]
    [InlineData(Dashboard)]
    [InlineData(OpenTelemetry)]
    [InlineData(Embedded)]
    [InlineData("MassTransit.Sidekiq.Tool")]
    public async Task Readme_of_a_package_is_its_own_and_its_links_lead_to_the_sources_it_was_built_from(string package)
    {
        using var archive = packages.Open(package);
        using var reader = new StreamReader(archive.GetEntry("README.md")!.Open());
        var readme = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith($"# {package}\n", readme.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        var commit = Element(packages.Metadata(package), "repository").Attribute("commit")!.Value;
        Assert.Contains($"]({BuiltPackages.Origin}/blob/{commit}/docs/", readme, StringComparison.Ordinal);
        Assert.Empty(
            Link().Matches(readme).Where(link => !link.Value.StartsWith("](https://", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(Outbox)]
    [InlineData(Dashboard)]
    [InlineData(Embedded)]
    public void Package_asks_for_exactly_its_own_version_of_the_transport(string package) =>
        Assert.Equal($"[{packages.Version}]", Dependencies(package)[Transport]);

    [Theory]
    [InlineData(Transport)]
    [InlineData(Outbox)]
    public void Package_asks_for_the_versions_that_the_readme_names(string package)
    {
        var asked = Dependencies(package);

        Assert.Equal("[8.5.12, 9.0.0)", asked["MassTransit"]);
        Assert.Equal("2.13.17", asked["StackExchange.Redis"]);
        if (package == Outbox)
        {
            Assert.Equal("10.0.15", asked["Microsoft.EntityFrameworkCore.Relational"]);
        }
    }

    [Theory]
    [InlineData(Transport)]
    [InlineData(Outbox)]
    [InlineData(Dashboard)]
    [InlineData(OpenTelemetry)]
    [InlineData(Embedded)]
    public void Package_holds_the_assembly_its_documentation_and_the_readme(string package)
    {
        using var archive = packages.Open(package);
        var files = archive.Entries.Select(entry => entry.FullName).ToList();

        Assert.Contains($"lib/net10.0/{package}.dll", files);
        Assert.Contains($"lib/net10.0/{package}.xml", files);
        Assert.Contains("README.md", files);
        Assert.Equal(package == Outbox ? 8 : 0, files.Count(file => file.StartsWith("sql/", StringComparison.Ordinal)));
        using var documentation = archive.GetEntry($"lib/net10.0/{package}.xml")!.Open();
        Assert.NotEmpty(XDocument.Load(documentation).Descendants("summary"));
    }

    [Theory]
    [InlineData(Transport)]
    [InlineData(Outbox)]
    [InlineData(Dashboard)]
    [InlineData(OpenTelemetry)]
    [InlineData(Embedded)]
    public async Task Symbols_lead_to_the_sources_and_name_no_path_of_the_machine_that_built_them(string package)
    {
        using var archive = packages.Open(package, "snupkg");
        using var file = new MemoryStream();
        await using (var entry = archive.GetEntry($"lib/net10.0/{package}.pdb")!.Open())
        {
            await entry.CopyToAsync(file);
        }

        file.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(file);
        var symbols = provider.GetMetadataReader();
        var documents = symbols
            .Documents.Select(handle => symbols.GetString(symbols.GetDocument(handle).Name))
            .ToList();
        var links = symbols
            .CustomDebugInformation.Select(handle => symbols.GetCustomDebugInformation(handle))
            .Where(information => symbols.GetGuid(information.Kind) == sourceLink)
            .Select(information => Encoding.UTF8.GetString(symbols.GetBlobBytes(information.Value)));

        Assert.NotEmpty(documents);
        Assert.Empty(documents.Where(document => !document.StartsWith("/_", StringComparison.Ordinal)));
        Assert.Contains(
            "https://raw.githubusercontent.com/somebody/masstransit-sidekiq/",
            Assert.Single(links),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Program_of_the_readme_runs_on_the_installed_packages()
    {
        await using var project = await InstalledProject.Create(packages, "Microsoft.Extensions.Hosting");
        await project.Write(
            "Program.cs",
            await File.ReadAllTextAsync(Repository.PathOf("samples/QuickStart/Program.cs"))
        );
        await project.Write(
            "OrdersDb.cs",
            """
            using MassTransit;
            using Microsoft.EntityFrameworkCore;

            public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
            {
                public static void Register(IBusRegistrationConfigurator x) => x.AddSidekiqOutbox<OrdersDb>(o => o.UseBusOutbox());

                protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddSidekiqOutbox();
            }
            """
        );
        await project.Build();

        await using var redis = await RedisServer.Lease();
        var environment = new Dictionary<string, string> { ["REDIS_URL"] = redis.Url, ["Sidekiq__Url"] = redis.Url };
        await using var service = project.Start(environment);
        await service.Line("Bus started");
        await Ruby.Run(Repository.PathOf("samples/QuickStart/enqueue.rb"), environment);
        await redis.Until(async state => (await state.Queue("mail")).Length == 2);

        var job = JsonElement.Parse((await redis.Queue("mail"))[1]);
        Assert.Equal("[42]", job.GetProperty("args").GetRawText());
        await service.Stop();
    }

    Dictionary<string, string> Dependencies(string package) =>
        Element(packages.Metadata(package), "dependencies")
            .Descendants()
            .Where(element => element.Name.LocalName == "dependency")
            .ToDictionary(element => element.Attribute("id")!.Value, element => element.Attribute("version")!.Value);

    static XElement Element(XElement metadata, string name) =>
        metadata.Elements().Single(element => element.Name.LocalName == name);

    static string Text(XElement metadata, string name) => Element(metadata, name).Value;

    [GeneratedRegex(@"\]\([^)]+\)")]
    private static partial Regex Link();
}
