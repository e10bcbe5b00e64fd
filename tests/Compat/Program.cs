using MassTransit.Sidekiq.Compat;

// An application brings its own StackExchange.Redis, and the library that we compiled against the oldest version has to run on it.
// Each member that the library's assembly refers to must therefore stand, with the same signature, in every version we name.
const string Client = "StackExchange.Redis";
var versions = args;
var library = Path.Combine(AppContext.BaseDirectory, "../../../Library/bin");

using var compiled = new AssemblyMetadata(PathOf(versions[0], "MassTransit.Sidekiq.dll"));
var used = compiled.MembersUsedOf(Client);
var broken = 0;

foreach (var version in versions)
{
    using var client = new AssemblyMetadata(PathOf(version, $"{Client}.dll"));
    var missing = used.Where(member => !client.Offers(member)).ToList();
    broken += missing.Count;
    Console.WriteLine($"{Client} {version}: {used.Count} members used, {missing.Count} missing");
    missing.ForEach(member => Console.WriteLine($"  {member}"));
}

// None used is no success: then we looked at the wrong assembly.
return broken == 0 && used.Count > 0 ? 0 : 1;

string PathOf(string version, string file) => Path.Combine(library, version, "Release/net10.0", file);
