using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class JobOptionsTests
{
    const string All =
        """{"retry":3,"backtrace":5,"dead":false,"retry_for":3600,"retry_queue":"low","tags":["a","é"],"expires_in":60,"mt_batch":"b","lock":"while","cattr":{"user":42}}""";

    // Each option alone, by the key that it has in a job.
    static readonly Dictionary<string, JobOptions> each = new(StringComparer.Ordinal)
    {
        ["retry"] = new() { Retry = 3 },
        ["backtrace"] = new() { Backtrace = 5 },
        ["dead"] = new() { Dead = false },
        ["retry_for"] = new() { RetryFor = TimeSpan.FromHours(1) },
        ["retry_queue"] = new() { RetryQueue = "low" },
        ["tags"] = new() { Tags = ["a", "é"] },
        ["expires_in"] = new() { ExpiresIn = TimeSpan.FromMinutes(1) },
        ["mt_batch"] = new() { Batch = "b" },
    };

    static readonly JobOptions upper = new()
    {
        Retry = 1,
        Backtrace = true,
        Dead = true,
        RetryFor = TimeSpan.FromSeconds(1),
        RetryQueue = "upper",
        Tags = ["upper"],
        ExpiresIn = TimeSpan.FromSeconds(3),
        Batch = "upper",
    };

    static readonly JobOptions lower = new()
    {
        Retry = 2,
        Backtrace = 2,
        Dead = false,
        RetryFor = TimeSpan.FromSeconds(2),
        RetryQueue = "lower",
        Tags = ["lower"],
        ExpiresIn = TimeSpan.FromSeconds(4),
        Batch = "lower",
    };

    public static TheoryData<string> EachKey => [.. JobOptions.Keys];

    [Fact]
    public void Every_option_has_its_key() =>
        Assert.Equal(JobOptions.Keys.Order(StringComparer.Ordinal), each.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void What_is_said_above_wins_in_every_option() => Assert.Equal(Text(upper), Text(upper.Over(lower)));

    [Theory]
    [MemberData(nameof(EachKey))]
    public void Option_that_is_left_open_above_is_the_lower_one(string key)
    {
        var said = each[key];
        var silent = new JobOptions { Other = Keys(("x", 1)) };

        Assert.Equal(Value(said, key), Value(silent.Over(said), key));
        Assert.Equal(Value(said, key), Value(said.Over(silent), key));
    }

    [Theory]
    [MemberData(nameof(EachKey))]
    public void Option_that_is_said_above_leaves_the_others_to_the_lower_ones(string key)
    {
        var both = each[key].Over(lower);

        Assert.Equal(Value(each[key], key), Value(both, key));
        Assert.All(
            JobOptions.Keys.Where(other => other != key),
            other => Assert.Equal(Value(lower, other), Value(both, other))
        );
    }

    [Fact]
    public void No_options_above_or_below_change_nothing_and_make_nothing()
    {
        Assert.Same(upper, upper.Over(JobOptions.None));
        Assert.Same(upper, JobOptions.None.Over(upper));
        Assert.Same(JobOptions.None, JobOptions.None.Over(JobOptions.None));
    }

    [Fact]
    public void Keys_of_ones_own_are_joined_and_the_upper_value_of_a_key_wins()
    {
        var both = new JobOptions { Other = Keys(("lock", "upper"), ("a", 1)) }.Over(
            new JobOptions { Other = Keys(("lock", "lower"), ("b", null)) }
        );

        Assert.Equal(Keys(("lock", "upper"), ("a", 1), ("b", null)), both.Other);
    }

    [Fact]
    public void Keys_that_differ_in_case_are_two()
    {
        var both = new JobOptions { Other = Keys(("lock", 1)) }.Over(new JobOptions { Other = Keys(("Lock", 2)) });

        Assert.Equal(2, both.Other!.Count);
    }

    [Fact]
    public void Joined_keys_leave_those_they_were_joined_of_as_they_were()
    {
        var (above, below) = (Keys(("a", 1)), Keys(("b", 2)));

        _ = new JobOptions { Other = above }.Over(new JobOptions { Other = below });

        Assert.Equal(["a"], above.Keys);
        Assert.Equal(["b"], below.Keys);
    }

    [Fact]
    public void Options_are_written_in_the_order_that_Ruby_has() => Assert.Equal(All, Text(Read(All)));

    [Theory]
    [MemberData(nameof(EachKey))]
    public void Option_that_stands_alone_is_an_object_with_one_key(string key)
    {
        var member = Assert.Single(JobJson.Members(each[key].ToJson()));

        Assert.Equal(key, member.Key);
    }

    [Theory]
    [InlineData("""{"retry":true}""")]
    [InlineData("""{"retry":false}""")]
    [InlineData("""{"retry":0}""")]
    [InlineData("""{"retry":25}""")]
    [InlineData("""{"backtrace":true}""")]
    [InlineData("""{"backtrace":false}""")]
    [InlineData("""{"backtrace":7}""")]
    [InlineData("""{"dead":true}""")]
    [InlineData("""{"dead":false}""")]
    [InlineData("""{"retry_for":1000000000}""")]
    [InlineData("""{"retry_queue":"a-b_c.d:e"}""")]
    [InlineData("""{"tags":["a"]}""")]
    [InlineData("""{"lock":null}""")]
    [InlineData("""{"expires_in":60,"unique_for":5,"locale":"de"}""")]
    [InlineData("""{"cattr":{"user":[1,2.5,"é"]},"bare":1.0}""")]
    [InlineData(All)]
    public void What_is_read_is_what_was_written(string json) => Assert.Equal(json, Text(Read(json)));

    [Fact]
    public void Window_of_less_than_a_second_is_one_and_not_none() =>
        Assert.Equal("""{"retry_for":1}""", Text(new JobOptions { RetryFor = TimeSpan.FromMilliseconds(300) }));

    [Theory]
    [InlineData(0.3, 1)]
    [InlineData(1.2, 2)]
    [InlineData(60, 60)]
    public void Life_is_rounded_up_so_that_no_reader_drops_the_job_too_early(double life, long written) =>
        Assert.Equal($"{{\"expires_in\":{written}}}", Text(new JobOptions { ExpiresIn = TimeSpan.FromSeconds(life) }));

    [Fact]
    public void No_option_is_no_text_and_a_job_without_any_says_none()
    {
        Assert.Null(JobOptions.None.ToJson());
        Assert.Equal(JobOptions.None, Read("""{"class":"Pay","args":[1],"jid":"1","queue":"orders"}"""));
    }

    [Fact]
    public void Empty_list_of_tags_is_not_written_but_hides_those_below()
    {
        var none = new JobOptions { Tags = [] };

        Assert.Null(none.ToJson());
        Assert.Null(none.Over(new JobOptions { Tags = ["lower"] }).ToJson());
    }

    [Fact]
    public void Members_stand_each_behind_a_comma_and_retry_is_none_of_them()
    {
        using var text = JobText.Rent();

        Read("""{"retry":3,"dead":true,"x":1}""").WriteMembers(text);

        Assert.Equal(""","dead":true,"x":1""", Encoding.UTF8.GetString(text.Written));
    }

    [Fact]
    public void Edit_writes_what_is_said_into_a_job_and_leaves_the_rest_of_it()
    {
        var edit = new JobOptions
        {
            Retry = 3,
            Tags = ["new"],
            Other = Keys(("lock", "é")),
        }.ToEdit();

        var edited = JobJson.Edit("""{"retry":true,"dead":false,"args":[1],"tags":["old"],"x":1}"""u8.ToArray(), edit);

        Assert.Equal(
            """{"retry":3,"dead":false,"args":[1],"tags":["new"],"x":1,"lock":"é"}""",
            Encoding.UTF8.GetString(edited.Span)
        );
    }

    [Fact]
    public void Edit_of_no_options_leaves_the_job_as_it_is()
    {
        const string Job = """{ "retry" : true, "tags":["old"]}""";

        Assert.Equal(
            Job,
            Encoding.UTF8.GetString(JobJson.Edit(Encoding.UTF8.GetBytes(Job), JobOptions.None.ToEdit()).Span)
        );
    }

    [Fact]
    public void Options_of_a_contract_are_right_at_their_limits() =>
        Assert.Empty(
            new[] { TimeSpan.FromSeconds(1), JobOptions.LongestRetryFor }.SelectMany(window =>
                new JobOptions
                {
                    Retry = 0,
                    RetryFor = window,
                    RetryQueue = "low",
                }.Faults("Order")
            )
        );

    [Fact]
    public void Every_fault_of_a_contract_is_told_at_once()
    {
        var faults = new JobOptions
        {
            Retry = -1,
            RetryFor = TimeSpan.Zero,
            RetryQueue = "a b",
        }
            .Faults("Order")
            .ToList();

        Assert.Equal(3, faults.Count);
        Assert.Contains("'a b'", faults[0], StringComparison.Ordinal);
        Assert.StartsWith("Retry of Order is -1.", faults[1], StringComparison.Ordinal);
        Assert.StartsWith("RetryFor of Order is 0 seconds.", faults[2], StringComparison.Ordinal);
        Assert.All(faults, fault => Assert.Contains("Order", fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0.999)]
    [InlineData(-1)]
    [InlineData(1_000_000_001)]
    public void Window_outside_what_Sidekiq_takes_is_a_fault(double seconds) =>
        Assert.Single(new JobOptions { RetryFor = TimeSpan.FromSeconds(seconds) }.Faults("Order"));

    static JobOptions Read(string json) =>
        JobOptions.Read(SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), queue: "orders"));

    static string Text(JobOptions options) => Encoding.UTF8.GetString(options.ToJson()!);

    // As it stands in a job; null where it does not.
    static string? Value(JobOptions options, string key) =>
        JobJson.Object(options.ToJson()).TryGetValue(key, out var value) ? value.GetRawText() : null;

    static Dictionary<string, object?> Keys(params (string Key, object? Value)[] keys) =>
        keys.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
}
