using System.Text;
using System.Text.Json;
using FsCheck.Fluent;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobJsonTests
{
    [Theory]
    [InlineData("""{"queue":"a","x":1}""", """{"queue":"low","x":1,"retry_count":3}""")]
    [InlineData("""{"x":1}""", """{"x":1,"queue":"low","retry_count":3}""")]
    [InlineData("{}", """{"queue":"low","retry_count":3}""")]
    [InlineData("{ }", """{"queue":"low","retry_count":3 }""")]
    [InlineData("""{"enqueued_at":1}""", """{"queue":"low","retry_count":3}""")]
    [InlineData("""{"enqueued_at":1,"x":1}""", """{"x":1,"queue":"low","retry_count":3}""")]
    [InlineData("""{"x":1,"enqueued_at":1,"y":2}""", """{"x":1,"y":2,"queue":"low","retry_count":3}""")]
    [InlineData("""{"x":1,"enqueued_at":1}""", """{"x":1,"queue":"low","retry_count":3}""")]
    [InlineData("""{"enqueued_at":1,"enqueued_at":2,"x":1}""", """{"x":1,"queue":"low","retry_count":3}""")]
    [InlineData(
        """{"queue":"a","queue":"b","x":{"queue":"c"}}""",
        """{"queue":"low","x":{"queue":"c"},"retry_count":3}"""
    )]
    [InlineData("""{ "queue" : "a" , "x" : 1 }""", """{ "queue" : "low" , "x" : 1,"retry_count":3 }""")]
    [InlineData("""{"\u0071ueue":"a"}""", """{"\u0071ueue":"low","retry_count":3}""")]
    public void Only_the_edited_keys_change(string before, string after)
    {
        var edit = new JobEdit().Set("queue", "low").Set("retry_count", 3).Remove("enqueued_at");

        Assert.Equal(after, Edit(before, edit));
    }

    [Fact]
    public void Values_are_written_as_Ruby_would()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1795308424);
        var edit = new JobEdit()
            .Set("text", "é😀\"/")
            .Set("flag", true)
            .Set("seconds", now, SidekiqTimeFormat.FloatSeconds)
            .Set("millis", now, SidekiqTimeFormat.IntegerMilliseconds)
            .Set("list", new[] { "a" })
            .SetRaw("raw", """{"a":1}"""u8)
            .Set("none", (object?)null);

        Assert.Equal(
            """{"text":"é😀\"/","flag":true,"seconds":1795308424.0,"millis":1795308424000,"list":["a"],"raw":{"a":1},"none":null}""",
            Edit("{}", edit)
        );
    }

    [Fact]
    public void Later_word_on_a_key_counts()
    {
        Assert.Equal("""{"a":2}""", Edit("""{"a":0}""", new JobEdit().Set("a", 1).Remove("a").Set("a", 2)));
    }

    [Fact]
    public void Edit_of_too_many_keys_is_refused()
    {
        var edit = new JobEdit();
        for (var index = 0; index < JobEdit.Most; index++)
        {
            edit.Set($"key{index}", index);
        }

        Assert.Throws<InvalidOperationException>(() => edit.Set("one more", 1));
    }

    [Fact]
    public void Nothing_edited_is_the_very_same_text() =>
        Prop.ForAll(Arb.From(JobTexts.Objects), json => Edit(json, new JobEdit()) == json).Holds();

    [Fact]
    public void What_is_not_edited_survives_byte_for_byte_and_in_its_order() =>
        Prop.ForAll(
                Arb.From(JobTexts.Objects),
                Arb.From(Gen.SubListOf(JobTexts.Edited)),
                Arb.From(Gen.SubListOf(JobTexts.Edited)),
                Survives
            )
            .Holds();

    [Fact]
    public void Key_is_found_where_Ruby_finds_it() =>
        Prop.ForAll(
                Arb.From(JobTexts.Objects),
                json =>
                {
                    var bytes = Encoding.UTF8.GetBytes(json);
                    return Members(json)
                        .GroupBy(member => member.Key, StringComparer.Ordinal)
                        .All(group =>
                            Encoding.UTF8.GetString(JobJson.Find(bytes, group.Key).In(bytes)) == group.Last().Value
                        );
                }
            )
            .Holds();

    [Fact]
    public void Any_object_is_a_job() =>
        Prop.ForAll(
                Arb.From(JobTexts.Objects),
                json =>
                {
                    var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");
                    return job.RawJson == json && job.UnknownFields.All(field => job.TryGet(field.Key, out _));
                }
            )
            .Holds();

    static bool Survives(string before, IList<string> set, IList<string> removed)
    {
        var edit = new JobEdit();
        foreach (var key in set)
        {
            edit.Set(key, "new");
        }

        foreach (var key in removed.Except(set, StringComparer.Ordinal))
        {
            edit.Remove(key);
        }

        var after = Members(Edit(before, edit));
        var touched = set.Concat(removed).ToHashSet(StringComparer.Ordinal);
        return after
                .Where(member => !touched.Contains(member.Key))
                .SequenceEqual(Members(before).Where(member => !touched.Contains(member.Key)))
            && set.All(key => after.Count(member => member.Key == key && member.Value == "\"new\"") == 1)
            && after.Count(member => touched.Contains(member.Key)) == set.Count;
    }

    static List<KeyValuePair<string, string>> Members(string json)
    {
        using var document = JsonDocument.Parse(
            json,
            new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip }
        );
        return
        [
            .. document
                .RootElement.EnumerateObject()
                .Select(member => KeyValuePair.Create(member.Name, member.Value.GetRawText())),
        ];
    }

    static string Edit(string json, JobEdit edit) =>
        Encoding.UTF8.GetString(JobJson.Edit(Encoding.UTF8.GetBytes(json), edit).Span);
}
