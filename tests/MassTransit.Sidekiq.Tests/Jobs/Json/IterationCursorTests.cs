namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class IterationCursorTests
{
    [Theory]
    [InlineData("42", "42")]
    [InlineData("\"42\"", "42")]
    [InlineData("\"a \\\"b\\\" \\u00fc\"", "a \"b\" ü")]
    [InlineData("[3,\"x\"]", "[3,\"x\"]")]
    [InlineData("null", null)]
    [InlineData("", null)]
    [InlineData("{oops", null)]
    [InlineData("\"\\ud800\"", null)]
    public void Cursor_of_Ruby_is_its_JSON_without_the_quotes_of_a_string(string json, string? cursor) =>
        Assert.Equal(cursor, IterationCursor.Read(json));

    [Theory]
    [InlineData("42", "42")]
    [InlineData("[3,\"x\"]", "[3,\"x\"]")]
    [InlineData("{\"id\":3}", "{\"id\":3}")]
    [InlineData("007", "\"007\"")]
    [InlineData(" 42", "\" 42\"")]
    [InlineData("null", "\"null\"")]
    [InlineData("true", "\"true\"")]
    [InlineData("", "\"\"")]
    [InlineData("a\"b", "\"a\\u0022b\"")]
    public void Cursor_of_NET_comes_back_as_it_was_and_keeps_what_Ruby_made_it(string cursor, string json)
    {
        Assert.Equal(json, IterationCursor.Write(cursor));
        Assert.Equal(cursor, IterationCursor.Read(json));
    }
}
