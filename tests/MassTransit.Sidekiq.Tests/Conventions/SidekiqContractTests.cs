using System.Reflection;
using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Conventions;

/// <summary>docs/sidekiq-contract.md names every key and every field, and none that is not there.</summary>
public sealed partial class SidekiqContractTests
{
    static readonly string page = File.ReadAllText(Repository.PathOf("docs/sidekiq-contract.md"));

    [Fact]
    public void Keys_are_those_of_the_code()
    {
        var keys = new RedisKeys(prefix: "", identity: "<owner>");
        var inCode = KeysOf(keys).Concat(KeysOf(keys.Queue("<queue>"))).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(inCode, Rows("## Keys").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Fields_are_those_of_the_code()
    {
        var known =
            (IEnumerable<string>)
                typeof(JobFields).GetField("known", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;

        Assert.Equal(known.Order(StringComparer.Ordinal), Rows("## Fields of a job").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Parts_of_mt_are_those_of_the_code()
    {
        using var text = JobText.Rent();
        var id = Guid.NewGuid();
        new JobMetadata
        {
            MessageId = id,
            MessageTypes = ["x"],
            ArgumentNames = ["x"],
            ConversationId = id,
            CorrelationId = id,
            RequestId = id,
            InitiatorId = id,
            SourceAddress = "x",
            DestinationAddress = "x",
            ResponseAddress = "x",
            FaultAddress = "x",
            ExpiresAt = DateTimeOffset.UnixEpoch,
            ContentType = "x/y",
            IsEncrypted = true,
            SchedulingToken = id,
            RoutingKey = "x",
            PartitionKey = "x",
            Ledger = "x",
            Limited = 1,
            Host = "{}"u8.ToArray(),
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x"] = 1 },
        }.Write(text);
        var written = System.Text.Json.JsonElement.Parse(text.Written).EnumerateObject().Select(part => part.Name);

        Assert.Equal(written, Rows("### `mt`"));
    }

    static IEnumerable<string> KeysOf(object keys)
    {
        foreach (
            var property in keys.GetType().GetProperties().Where(property => property.PropertyType == typeof(RedisKey))
        )
        {
            yield return ((RedisKey)property.GetValue(keys)!).ToString();
        }

        foreach (var method in keys.GetType().GetMethods().Where(method => method.ReturnType == typeof(RedisKey)))
        {
            var arguments = method.GetParameters();
            if (!method.IsSpecialName)
            {
                var values = arguments.Select(argument =>
                    argument.ParameterType == typeof(Guid) ? (object)Guid.Empty : $"<{argument.Name}>"
                );
                yield return ((RedisKey)method.Invoke(keys, [.. values])!)
                    .ToString()
                    .Replace($"{Guid.Empty}", "<token>", StringComparison.Ordinal);
            }
        }

        if (keys is RedisKeys { PoisonPrefix: var poison })
        {
            yield return poison + "<jid>";
        }
    }

    // The names in the first column of the section's first table.
    static IEnumerable<string> Rows(string heading)
    {
        var start = page.IndexOf($"{heading}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"No section '{heading}'.");
        var end = page.IndexOf("\n#", start + heading.Length, StringComparison.Ordinal);

        return page[start..end]
            .Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Name().Matches(line.Split(" | ")[0]))
            .Select(match => match.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal));
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
