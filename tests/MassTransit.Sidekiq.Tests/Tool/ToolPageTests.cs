using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Spectre.Console.Testing;

namespace MassTransit.Sidekiq.Tests.Tool;

/// <summary>docs/tool.md is held against the tool: its commands, options, checks and JSON.</summary>
public sealed partial class ToolPageTests
{
    static readonly string page = File.ReadAllText(Repository.PathOf("docs/tool.md"));

    static readonly Dictionary<string, string> sections = Section()
        .Matches(page)
        .ToDictionary(section => section.Groups[1].Value, section => section.Groups[2].Value, StringComparer.Ordinal);

    static readonly RootCommand root = SidekiqTool.Root(
        new ToolHost(new TestConsole(), new TestConsole(), _ => null, TimeProvider.System)
    );

    // The record that each command shows.
    static readonly Dictionary<string, Type> records = new(StringComparer.Ordinal)
    {
        ["doctor"] = typeof(Finding),
        ["queues"] = typeof(QueueRow),
        ["jobs"] = typeof(JobRow),
        ["retry"] = typeof(ChangeResult),
        ["processes"] = typeof(ProcessRow),
        ["topics"] = typeof(SubscriptionRow),
        ["periodic"] = typeof(PeriodicRow),
        ["batches"] = typeof(BatchRow),
        ["limits"] = typeof(LimitRow),
        ["outbox"] = typeof(OutboxTablesState),
        ["tail"] = typeof(TailLine),
    };

    [Fact]
    public void Page_has_a_section_for_each_command_and_no_other() =>
        Assert.Equal(root.Subcommands.Select(command => command.Name).Prepend("Common options"), sections.Keys);

    [Fact]
    public void Each_option_is_in_the_table_of_its_command_and_no_other_is()
    {
        Assert.Equal(Names(root.Options), Options(sections["Common options"]));
        Assert.All(root.Subcommands, command => Assert.Equal(Names(command.Options), Options(sections[command.Name])));
    }

    [Fact]
    public void Each_command_of_a_command_and_its_argument_are_named()
    {
        Assert.All(
            root.Subcommands.SelectMany(command => command.Subcommands.Select(inner => (command, inner))),
            one =>
                Assert.Contains(
                    $"`{one.command.Name} {one.inner.Name} <{one.inner.Arguments[0].Name}>`",
                    page,
                    StringComparison.Ordinal
                )
        );
        Assert.Contains("`jobs <place>`", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_check_of_the_doctor_is_in_the_table_in_its_order() =>
        Assert.Equal(SidekiqDoctor.Names, Check().Matches(sections["doctor"]).Select(row => row.Groups[1].Value));

    [Fact]
    public void Json_of_each_command_has_the_properties_of_its_record()
    {
        foreach (var (command, record) in records)
        {
            var sample = JsonElement.Parse(Json().Match(sections[command]).Groups[1].Value);
            Same(record, sample.ValueKind == JsonValueKind.Array ? sample[0] : sample);
        }

        Assert.All(
            root.Subcommands.Where(command => !records.ContainsKey(command.Name)),
            command => Assert.Contains("The JSON is that of `retry`.", sections[command.Name], StringComparison.Ordinal)
        );
    }

    // The lists of records inside as well.
    static void Same(Type record, JsonElement sample)
    {
        var properties = record
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.Name is not (nameof(JobRow.Args) or "EqualityContract"))
            .ToDictionary(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name), StringComparer.Ordinal);
        Assert.Equal(properties.Keys, sample.EnumerateObject().Select(member => member.Name));
        foreach (var (name, property) in properties)
        {
            if (
                property.PropertyType is { IsGenericType: true } list
                && list.GetGenericArguments() is [{ IsClass: true } inner]
                && inner != typeof(string)
            )
            {
                Same(inner, sample.GetProperty(name)[0]);
            }
        }
    }

    static IEnumerable<string> Names(IEnumerable<Option> options) =>
        options.Where(option => !option.Hidden).Select(option => option.Name).Order(StringComparer.Ordinal);

    static IEnumerable<string> Options(string section) =>
        OptionRow().Matches(section).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^## (.+)\n((?:(?!## ).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^\| `(--[\w-]+)`", RegexOptions.Multiline)]
    private static partial Regex OptionRow();

    [GeneratedRegex(@"^\| `([a-z][a-z ]*)` \|", RegexOptions.Multiline)]
    private static partial Regex Check();

    [GeneratedRegex(@"```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();
}
