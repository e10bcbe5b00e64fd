using System.Xml.Linq;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>
/// A console project outside of this repository with our packages installed. Everything but our packages comes from where this
/// machine has it; ours come from their folder, and go to one that is removed again.
/// </summary>
public sealed class InstalledProject : IAsyncDisposable
{
    InstalledProject(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Writes its project file; the other packages are those that this repository uses, in its versions.</summary>
    public static async Task<InstalledProject> Create(BuiltPackages packages, params string[] others)
    {
        var project = new InstalledProject(Directory.CreateTempSubdirectory("sidekiq-install-").FullName);
        var cache =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        var versions = XDocument
            .Load(Repository.PathOf("Directory.Packages.props"))
            .Descendants("PackageVersion")
            .ToDictionary(pin => pin.Attribute("Include")!.Value, pin => pin.Attribute("Version")!.Value);
        var references = others.Select(other =>
            $"<PackageReference Include=\"{other}\" Version=\"{versions[other]}\" />"
        );
        await project.Write(
            "app.csproj",
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <WarningsNotAsErrors>NU1900;NU1901;NU1902;NU1903;NU1904;NU1905;NU1603</WarningsNotAsErrors>
                <RestoreAdditionalProjectSources>{packages.Folder}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{project.Folder}/packages</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="MassTransit.Sidekiq" Version="{packages.Version}" />
                <PackageReference Include="MassTransit.Sidekiq.Embedded" Version="{packages.Version}" />
                <PackageReference Include="MassTransit.Sidekiq.Outbox" Version="{packages.Version}" />
                {string.Concat(references)}
              </ItemGroup>
            </Project>
            """
        );
        return project;
    }

    public Task Write(string file, string text) => File.WriteAllTextAsync(Path.Combine(Folder, file), text);

    public Task Build() => BuiltPackages.Run("dotnet", Folder, "build", "-v", "quiet", "--nologo");

    /// <summary>Starts what was built.</summary>
    public ChildProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        ChildProcess.Start(
            Requires.Program("dotnet", "dotnet-sdk-10.0"),
            ["exec", Path.Combine(Folder, "bin/Debug/net10.0/app.dll"), .. arguments],
            environment,
            Folder
        );

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
