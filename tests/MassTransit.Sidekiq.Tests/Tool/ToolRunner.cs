using System.Text.Json;
using Spectre.Console.Testing;

namespace MassTransit.Sidekiq.Tests.Tool;

/// <summary>What a run of the tool came to.</summary>
sealed record ToolOutput(int Code, string Output, string Errors)
{
    /// <summary>Its output as JSON.</summary>
    public JsonElement Json => JsonElement.Parse(Output);

    /// <summary>The lines of a table that hold this, without their borders.</summary>
    public string Row(string part) =>
        string.Join(
            '\n',
            Output
                .Split('\n')
                .Where(line => line.Contains(part, StringComparison.Ordinal))
                .Select(line =>
                    string.Join(" | ", line.Split('│', StringSplitOptions.TrimEntries).Where(cell => cell.Length > 0))
                )
        );

    public override string ToString() => $"{Code}\n{Output}\n{Errors}";
}

/// <summary>Runs the tool in this process, as `dotnet sidekiq` does in its own.</summary>
sealed class ToolRunner : IDisposable
{
    readonly TestConsole console = new TestConsole().Width(1000);
    readonly TestConsole errors = new TestConsole().Width(1000);

    /// <summary>The terminal, to answer its questions: interactive only when told so.</summary>
    public TestConsole Console => console;

    /// <summary>What it wrote so far besides its results.</summary>
    public string Errors => errors.Output;

    public Dictionary<string, string> Variables { get; } = [];

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>On a database.</summary>
    public static async Task<ToolOutput> Run(RedisDatabase redis, params string[] arguments)
    {
        using var runner = new ToolRunner();
        return await runner.Run([.. arguments, "--redis", redis.Url]);
    }

    /// <summary>On a database, and with an answer in JSON.</summary>
    public static async Task<JsonElement> Json(RedisDatabase redis, params string[] arguments)
    {
        var result = await Run(redis, [.. arguments, "--json"]);
        Assert.True(result.Code == 0, result.ToString());
        return result.Json;
    }

    /// <summary>The finding of one check of the doctor.</summary>
    public static async Task<Finding> Finding(RedisDatabase redis, string check, params string[] arguments)
    {
        using var runner = new ToolRunner();
        return await runner.Finding(check, [.. arguments, "--redis", redis.Url]);
    }

    public async Task<Finding> Finding(string check, params string[] arguments)
    {
        var result = await Run(["doctor", "--json", .. arguments]);
        var all = JsonSerializer.Deserialize<Finding[]>(result.Output, options)!;
        Assert.Equal(all.Max(finding => finding.Verdict) == Verdict.Error ? 1 : 0, result.Code);
        return Assert.Single(all, finding => finding.Check == check);
    }

    public async Task<ToolOutput> Run(IReadOnlyList<string> arguments, CancellationToken token = default)
    {
        var host = new ToolHost(console, errors, Variables.GetValueOrDefault, Clock);
        var code = await SidekiqTool.Run(arguments, host, token).InTime();
        return new ToolOutput(code, console.Output.TrimEnd(), errors.Output.TrimEnd());
    }

    public void Dispose()
    {
        console.Dispose();
        errors.Dispose();
    }

    static readonly JsonSerializerOptions options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}
