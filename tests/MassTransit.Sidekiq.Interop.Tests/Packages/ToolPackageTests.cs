using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>`dotnet sidekiq`, installed from its package as docs/tool.md says.</summary>
[Collection<InstallTests>]
public sealed class ToolPackageTests(BuiltPackages packages)
{
    const string Package = "MassTransit.Sidekiq.Tool";

    [Fact]
    public async Task Installed_tool_examines_a_Redis()
    {
        var folder = Directory.CreateTempSubdirectory("sidekiq-tool-").FullName;
        try
        {
            // The package brings all that it needs, so no other feed is asked, and no cache of this machine keeps it.
            await File.WriteAllTextAsync(
                Path.Combine(folder, "nuget.config"),
                $"""
                <configuration>
                  <config><add key="globalPackagesFolder" value="{folder}/packages" /></config>
                  <packageSources><clear /><add key="ours" value="{packages.Folder}" /></packageSources>
                </configuration>
                """
            );
            await BuiltPackages.Run("dotnet", folder, "new", "tool-manifest");
            await BuiltPackages.Run("dotnet", folder, "tool", "install", Package, "--version", packages.Version);
            await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });

            var told = await BuiltPackages.Run(
                "dotnet",
                folder,
                "sidekiq",
                "doctor",
                "--json",
                "--redis",
                redis.Open().Url
            );
            var help = await BuiltPackages.Run("dotnet", folder, "sidekiq", "jobs", "--help");

            var findings = JsonElement.Parse(told).EnumerateArray().ToDictionary(Text("check"), Text("verdict"));
            Assert.Equal(("ok", "ok", "ok"), (findings["redis"], findings["rights"], findings["persistence"]));
            Assert.Equal("warning", findings["queues"]);
            Assert.Contains("dotnet sidekiq jobs <place>", help, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static Func<JsonElement, string> Text(string name) => finding => finding.GetProperty(name).GetString()!;
    }

    [Fact]
    public void Package_is_a_tool_with_a_readme_and_brings_the_transport()
    {
        using var archive = packages.Open(Package);
        var files = archive.Entries.Select(entry => entry.FullName).ToList();

        Assert.Contains("README.md", files);
        Assert.Contains("tools/net10.0/any/DotnetToolSettings.xml", files);
        Assert.Contains("tools/net10.0/any/MassTransit.Sidekiq.dll", files);
        var types = packages.Metadata(Package).Elements().Single(element => element.Name.LocalName == "packageTypes");
        Assert.Equal("DotnetTool", types.Elements().Single().Attribute("name")?.Value);
    }
}
