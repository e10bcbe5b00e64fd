using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Tests.Conventions;

/// <summary>
/// A real server has the real clock, so a test beside it that names a day fails on others. A file is beside a server when it
/// names one of TestSupport, or a class of its project that does.
/// </summary>
public sealed partial class DateTests
{
    static readonly string[] servers =
    [
        nameof(RedisServer),
        nameof(RedisDatabase),
        nameof(RedisProxy),
        nameof(PostgresServer),
        nameof(RubySidekiq),
        nameof(ChildProcess),
        // Ruby is a word of comments and texts, too.
        "Ruby.Eval",
        "Ruby.Page",
        "UsingSidekiq",
        "CreateUsingSidekiq",
    ];

    static readonly IReadOnlyList<SourceFile> files =
    [
        // The dates in this one are examples.
        .. Repository.Files("tests", "*.cs").Where(file => Path.GetFileName(file.Path) != $"{nameof(DateTests)}.cs"),
    ];

    [Fact]
    public void No_test_beside_a_real_server_knows_a_date()
    {
        var dates = BesideServers().Concat(Repository.Files("tests", "*.rb")).SelectMany(Dates).ToList();

        Assert.True(
            dates.Count == 0,
            "Servers have the real clock, so these tests pass on some days only. Count from TestClock (Start, Today, Pushed), "
                + "or move what needs no server to a file without one:\n"
                + string.Join('\n', dates)
        );
    }

    [Theory]
    [InlineData("MassTransit.Sidekiq.Tests/Redis/Stores/SettleTests.cs", true)]
    [InlineData("MassTransit.Sidekiq.Outbox.Tests/Databases/StatementTests.cs", true)]
    [InlineData("MassTransit.Sidekiq.Interop.Tests/RubyTests.cs", true)]
    [InlineData("OrdersApi.Tests/PageTests.cs", true)]
    [InlineData("MassTransit.Sidekiq.Tests/Jobs/Failures/JobFailureTests.cs", false)]
    [InlineData("MassTransit.Sidekiq.Tests/Jobs/Periodic/CronScheduleTests.cs", false)]
    public void Server_behind_a_class_of_the_tests_is_seen(string path, bool isBesideServer) =>
        Assert.Equal(isBesideServer, BesideServers().Any(file => file.Path == $"tests/{path}"));

    [Theory]
    [InlineData("new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero)")]
    [InlineData("DateTimeOffset now = new(\n    2026,\n    1,\n    2, 0, 0, 0, TimeSpan.Zero)")]
    [InlineData("new DateOnly(2026, 11, 22)")]
    [InlineData("Time.utc(2026, 11, 22)")]
    [InlineData("Time(\"2026-11-22T07:00:00Z\")")]
    [InlineData("$\"stat:processed:2026-11-22\"")]
    [InlineData("$\"j|20261122|9:5\"")]
    [InlineData("\"enqueued_at\\\":1795348790.5}\"")]
    [InlineData("FromUnixTimeMilliseconds(1_795_308_700_250)")]
    [InlineData("\"App:nightly@1795334400\"")]
    [InlineData("DateTimeOffset.UnixEpoch.AddYears(70)")]
    [InlineData("cfg.Periodic(\"a\", \"0 0 1 1 *\")")]
    [InlineData("cfg.Periodic(\"a\", \"0 8 29 FEB ?\")")]
    public void Date_is_recognized_in_each_form(string code) => Assert.Single(Dates(File(code)));

    [Theory]
    [InlineData("new Report(2026, \"pdf\")")]
    [InlineData("\"jid\":\"0f8fad5bd9cb469fa16570867728950e\"")]
    [InlineData("// on 2026-11-22")]
    [InlineData("DateTimeOffset.UnixEpoch")]
    [InlineData("Time.at(4_000_000_000)")]
    [InlineData("FROM \"OutboxState\" LIMIT 1 FOR UPDATE\"")]
    [InlineData("clock.Advance(TimeSpan.FromHours(1))")]
    [InlineData("cfg.Periodic(\"a\", \"0 8 * * MON-FRI\")")]
    [InlineData("cfg.Periodic(\"never\", \"0 0 30 2 *\")")]
    public void What_is_the_same_on_any_day_is_no_date(string code) => Assert.Empty(Dates(File(code)));

    // A class that uses a server is a word for it in its project, or in all when it is of TestSupport.
    static List<SourceFile> BesideServers()
    {
        var beside = new List<SourceFile>();
        var words = servers.Select(word => (Project: "TestSupport", Word: word)).ToHashSet();
        while (files.Except(beside).Where(UsesOne).ToList() is { Count: > 0 } more)
        {
            beside.AddRange(more);
            words.UnionWith(
                more.SelectMany(file =>
                    Class().Matches(file.Text).Select(match => (Project(file), match.Groups[1].Value))
                )
            );
            words.Remove(("TestSupport", "Ruby"));
        }

        return beside;

        bool UsesOne(SourceFile file)
        {
            var known = words.Where(word => word.Project == "TestSupport" || word.Project == Project(file));
            var code = string.Join('\n', file.Code);
            return Regex.IsMatch(code, $@"\b({string.Join('|', known.Select(word => Regex.Escape(word.Word)))})\b");
        }

        static string Project(SourceFile file) => file.Path.Split('/')[1];
    }

    static IEnumerable<string> Dates(SourceFile file)
    {
        var code = Comment().Replace(file.Text, "");
        return Date()
            .Matches(code)
            .Select(date => $"{file.Path}:{code.AsSpan(0, date.Index).Count('\n') + 1}: {date.Value}");
    }

    static SourceFile File(string code) => new("tests/Some/Tests.cs", new Lazy<string>(code));

    [GeneratedRegex(@"^(?:\w+ )*class (\w+)", RegexOptions.Multiline)]
    private static partial Regex Class();

    [GeneratedRegex(@"^[ \t]*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(
        """
            # 2026-11-22
            (?<![\d-]) 20\d\d-[01]\d-[0-3]\d
            # 20261122
            | (?<!\w) 20\d\d[01]\d[0-3]\d (?!\w)
            # (2026, 11, 22
            | \( \s* 20\d\d , \s* \d{1,2} , \s* \d{1,2} \b
            # Seconds or milliseconds since 1970
            | (?<![\w.]) [12]_?\d{3}_?\d{3}_?\d{3}(?:_?\d{3})? (?:\.\d+)? (?!\w)
            # A cron line with a day and a month. The thirtieth of February never comes.
            | "(?:[\d*/,-]+\ ){2,3}(?!3[01]\ 2\ )\d+\ (?:\d+|[A-Z]{3})\ [\w*?,-]+\\?"
            # 1970 and so many years
            | UnixEpoch\.AddYears
            """,
        RegexOptions.IgnorePatternWhitespace
    )]
    private static partial Regex Date();
}
