namespace MassTransit.Sidekiq.Interop.Tests;

public class RubyTests
{
    [Fact]
    public async Task Script_in_a_process_of_its_own_returns_what_it_prints()
    {
        var environment = new Dictionary<string, string> { ["GREETING"] = "Grüße" };

        Assert.Equal("Grüße", await Ruby.Run("warn 'not this'; puts ENV['GREETING']", environment));
    }

    [Fact]
    public async Task Error_in_Ruby_is_told_with_its_message_and_the_code()
    {
        await using var redis = await RedisServer.Lease();

        var inConsole = await Assert.ThrowsAsync<RubyException>(() => Ruby.Eval(redis, "Integer('x')"));
        var inProcess = await Assert.ThrowsAsync<RubyException>(() => Ruby.Run("Integer('x')"));

        Assert.Contains("invalid value for Integer", inConsole.Message, StringComparison.Ordinal);
        Assert.Contains("in: Integer('x')", inConsole.Message, StringComparison.Ordinal);
        Assert.Contains("invalid value for Integer", inProcess.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Web_page_shows_a_queue_and_its_button_empties_it()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("orders", """{"class":"OkJob","args":["shown"],"jid":"a"}""");

        var page = await Ruby.Page(redis, "/queues/orders");
        var pressed = await Ruby.Press(redis, "/queues/orders", ("delete", "Delete"));

        Assert.Equal(200, page.Status);
        Assert.Contains("shown", page.Body, StringComparison.Ordinal);
        Assert.Equal(302, pressed.Status);
        Assert.True(await redis.IsEmpty());
    }
}
