using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobBodyTests
{
    static readonly Everything everything = new(
        "é😀/<'\u2028",
        1,
        0.1f,
        10,
        new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.FromHours(1)),
        new DateTime(2026, 11, 22, 1, 2, 3, DateTimeKind.Utc),
        new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"),
        DayOfWeek.Sunday,
        [1, 2.5, 1e20],
        new Dictionary<string, decimal> { ["a b"] = 1.50m },
        null
    );

    [Fact]
    public void Message_is_written_as_Ruby_would()
    {
        Assert.Equal(
            "{\"text\":\"é😀/<'\u2028\",\"number\":1.0,\"ratio\":0.1,\"amount\":10.0,\"at\":\"2026-11-22T01:02:03+01:00\",\"on\":\"2026-11-22T01:02:03Z\","
                + "\"id\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"day\":0,\"numbers\":[1.0,2.5,100000000000000000000],\"prices\":{\"a b\":1.5},\"rebate\":null}",
            JsonSerializer.Serialize(everything, JobBody.Create(SidekiqNaming.CamelCase))
        );
    }

    [Theory]
    [InlineData(SidekiqNaming.CamelCase, """{"orderId":1,"customer":null}""")]
    [InlineData(SidekiqNaming.SnakeCase, """{"order_id":1,"customer":null}""")]
    [InlineData(SidekiqNaming.AsDeclared, """{"OrderId":1,"Customer":null}""")]
    public void Properties_are_called_as_the_contract_says(SidekiqNaming naming, string expected)
    {
        Assert.Equal(expected, JsonSerializer.Serialize(new SubmitOrder(1), JobBody.Create(naming)));
    }

    [Theory]
    [InlineData(SidekiqNaming.CamelCase)]
    [InlineData(SidekiqNaming.SnakeCase)]
    [InlineData(SidekiqNaming.AsDeclared)]
    public void Message_comes_back_as_it_went(SidekiqNaming naming)
    {
        var options = JobBody.Create(naming);

        Assert.Equivalent(
            everything,
            JsonSerializer.Deserialize<Everything>(JsonSerializer.Serialize(everything, options), options),
            strict: true
        );
    }

    [Theory]
    [InlineData("10", "10")]
    [InlineData("10.0", "10")]
    [InlineData("10.50", "10.50")]
    [InlineData("\"1.25\"", "1.25")]
    [InlineData("\"1e3\"", "1000")]
    [InlineData("1.0e-05", "0.000010")]
    public void Decimal_is_read_from_number_or_text(string json, string expected)
    {
        var value = JsonSerializer.Deserialize<decimal>(json, JobBody.Create(SidekiqNaming.CamelCase));

        Assert.Equal(expected, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Any_text_is_written_as_JSON_that_holds_it() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<string>(),
                text =>
                {
                    var written = JsonSerializer.SerializeToUtf8Bytes(text, JobBody.Create(SidekiqNaming.CamelCase));
                    using var frame = JobText.Rent();
                    frame.Value(text);
                    var wellFormed = text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
                    return JsonSerializer.Deserialize<string>(written) == wellFormed
                        && frame.Written.SequenceEqual(written);
                }
            )
            .Holds();

    [Theory]
    [InlineData("a\ud800")]
    [InlineData("\udc00b")]
    [InlineData("\ud800\ud800\udc00\n")]
    public void Half_a_character_becomes_the_replacement_character(string text)
    {
        var written = JsonSerializer.SerializeToUtf8Bytes(text, JobBody.Create(SidekiqNaming.CamelCase));

        Assert.Equal(
            Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)),
            JsonSerializer.Deserialize<string>(written)
        );
        Assert.DoesNotContain("\\ud", Encoding.UTF8.GetString(written), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Encoder_lets_nothing_pass_that_is_no_text()
    {
        Assert.Equal("a\ufffdb\\n😀", RubyJsonEncoder.Instance.Encode("a\ud800b\n😀"));

        var output = new byte[32];
        RubyJsonEncoder.Instance.EncodeUtf8([(byte)'a', 0xff, (byte)'"'], output, out _, out var written);
        Assert.Equal("a\ufffd\\\""u8, output.AsSpan(0, written));
    }

    [Fact]
    public void Options_that_users_change_in_MassTransit_count_here_too()
    {
        var before = JobBody.Create(SidekiqNaming.SnakeCase);
        var source = SystemTextJsonMessageSerializer.Options;
        try
        {
            SystemTextJsonMessageSerializer.Options = new JsonSerializerOptions(source);

            Assert.NotSame(before, JobBody.Create(SidekiqNaming.SnakeCase));
            Assert.Same(JobBody.Create(SidekiqNaming.SnakeCase), JobBody.Create(SidekiqNaming.SnakeCase));
        }
        finally
        {
            SystemTextJsonMessageSerializer.Options = source;
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Number_that_JSON_cannot_hold_is_refused(double number)
    {
        var refusal = Assert.Throws<JsonException>(() =>
            JsonSerializer.Serialize(number, JobBody.Create(SidekiqNaming.CamelCase))
        );

        Assert.Contains("is not a number that JSON can hold", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"2026-11-29 05:08:29 +0000\"")]
    [InlineData("\"2026-11-29 06:08:29 +0100\"")]
    [InlineData("\"2026-11-29 05:08:29 UTC\"")]
    [InlineData("\"2026-11-29 05:08:29.000000000 UTC\"")]
    [InlineData("\"2026-11-29 05:08:29.000000001 +0000\"")]
    [InlineData("\"2026-11-29T05:08:29Z\"")]
    [InlineData("\"2026-11-29T05:08:29.000Z\"")]
    [InlineData("\"Sun, 29 Nov 2026 05:08:29 +0000\"")]
    [InlineData("1795928909")]
    [InlineData("1795928909.0")]
    [InlineData("1795928909000")]
    public void Time_is_read_as_Ruby_writes_it(string json)
    {
        var time = new DateTimeOffset(2026, 11, 29, 5, 8, 29, TimeSpan.Zero);
        var options = JobBody.Create(SidekiqNaming.CamelCase);

        Assert.Equal(time, JsonSerializer.Deserialize<DateTimeOffset>(json, options));
        Assert.Equal(time, JsonSerializer.Deserialize<DateTimeOffset?>(json, options));
        Assert.Equal(time.UtcDateTime, JsonSerializer.Deserialize<DateTime>(json, options).ToUniversalTime());
    }

    [Theory]
    [InlineData("\"tomorrow\"")]
    [InlineData("\"29.11.2026\"")]
    [InlineData("\"\"")]
    [InlineData("1e300")]
    [InlineData("true")]
    [InlineData("[]")]
    public void What_is_no_time_is_refused(string json)
    {
        var options = JobBody.Create(SidekiqNaming.CamelCase);

        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<DateTimeOffset>(json, options));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<DateTime>(json, options));
    }

    [Fact]
    public void Number_is_read_from_a_text()
    {
        var options = JobBody.Create(SidekiqNaming.CamelCase);

        Assert.Equal(7, JsonSerializer.Deserialize<int>("\"7\"", options));
        Assert.Equal(7L, JsonSerializer.Deserialize<long?>("\"7\"", options));
        Assert.Equal(7.5, JsonSerializer.Deserialize<double>("\"7.5\"", options));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<int>("\"x\"", options));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<double>("\"NaN\"", options));
    }
}
