using System.Xml.Linq;
using Spectre.Console;
using Spectre.Console.Testing;

namespace MassTransit.Sidekiq.Tests.Tool;

/// <summary>The pictures of docs/tool.md, left in artifacts/tool; `./build.sh pictures` copies them.</summary>
public sealed class ToolPictureTests
{
    [Fact]
    public async Task Doctor_and_jobs_are_pictures_of_what_the_tool_shows()
    {
        await using var server = await RedisServer.StartOwn(
            new RedisServerOptions { AppendOnly = true, Lines = ["maxmemory-policy allkeys-lru"] }
        );
        var redis = server.Open();
        await redis.SeedQueue(
            "orders",
            $$"""{"class":"Shop::Order","args":[],"jid":"a","enqueued_at":{{TestClock.Pushed}}}"""
        );
        await ListTests.Process(redis, "worker-1:4711:9f86d081884c", "orders");
        await redis.Db.HashSetAsync("mt:topic:Shop:OrderSubmitted", [new("orders", ""), new("audit", "")]);
        (string Class, string Error, string Message)[] failed =
        [
            ("Shop::Charge", "Net::ReadTimeout", "Net::ReadTimeout with 10 s"),
            ("Shop::Charge", "Net::ReadTimeout", "Net::ReadTimeout with 10 s"),
            ("Shop::Invoice", "System.InvalidOperationException", "There is no address"),
            ("Shop::OldName", "NameError", "uninitialized constant Shop::OldName"),
        ];
        foreach (var (i, job) in failed.Index())
        {
            await redis.SeedRetrySet(
                $$"""{"class":"{{job.Class}}","args":[],"jid":"b4a577edbccf1d805744efa{{i}}","queue":"orders","retry_count":{{i}},"created_at":{{TestClock.Pushed}},"error_class":"{{job.Error}}","error_message":"{{job.Message}}"}""",
                TestClock.Start.AddMinutes(i)
            );
        }

        var doctor = await Picture(redis, "doctor");
        var jobs = await Picture(redis, "jobs", "retry");

        Assert.Contains("maxmemory-policy is allkeys-lru", doctor, StringComparison.Ordinal);
        Assert.Contains("Shop::Invoice", jobs, StringComparison.Ordinal);
    }

    static async Task<string> Picture(RedisDatabase redis, params string[] command)
    {
        using var console = new TestConsole().Width(150);
        using var recorder = new Recorder(console);
        var host = new ToolHost(recorder, console, _ => null, TimeProvider.System);
        Assert.NotEqual(2, await SidekiqTool.Run([.. command, "--redis", redis.Url], host, CancellationToken.None));

        var picture = recorder.Export(new SvgPicture($"dotnet sidekiq {string.Join(' ', command)}"));
        var file = Repository.PathOf($"artifacts/tool/{command[0]}.svg");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, picture.ReplaceLineEndings("\n"));

        var texts = XDocument.Parse(picture).Descendants().Where(text => text.Name.LocalName == "text").ToList();
        Assert.Equal(
            console.Output.TrimEnd().Split('\n').Length + 1,
            texts.Select(text => text.Attribute("y")!.Value).Distinct().Count()
        );
        return string.Join('\n', texts.Select(text => text.Value.Replace('\u00a0', ' ')));
    }
}
