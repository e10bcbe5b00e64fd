using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrdersApi.Tests;

/// <summary>What the sample shows, with the real Ruby worker.</summary>
public class OrderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Order_is_invoiced_by_Ruby_paid_and_shipped(bool postgres)
    {
        await using var shop = await Shop.Open(postgres);

        var order = await shop.Submit("Ada");
        await shop.Ruby($"Report counts order {order} of Ada");
        await shop.Ruby("Invoice INV-", $"over 59.90 EUR for order {order}");
        await shop.Reaches(order, "Invoiced");
        await Until(async () => (await shop.Show(order)).GetProperty("isReserved").GetBoolean());
        await shop.Redis.Until(async redis =>
            (await redis.ScheduledSet()) is [var timeout]
            && timeout.Job.Contains("PaymentTimedOut", StringComparison.Ordinal)
        );

        using var paid = await shop.Pay(order);
        Assert.Equal(HttpStatusCode.OK, paid.StatusCode);
        await shop.Reaches(order, "Shipped");
        await shop.Ruby("Notice to Ada", order.ToString());

        await shop.Redis.Until(async redis => (await redis.ScheduledSet()).Length == 0);
        using var again = await shop.Pay(order);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single(shop.RubyLines, line => line.Contains("Notice to Ada", StringComparison.Ordinal));

        // Everyone who worked on a job has said so, the Ruby workers too.
        await Until(
            async () => (await shop.OpenJobs()).Length == 0,
            async () => string.Join('\n', await shop.OpenJobs())
        );
        Assert.Equal(
            999,
            (await shop.Api.GetFromJsonAsync<JsonElement>("/stock/tea")).GetProperty("available").GetInt32()
        );
    }

    [Fact]
    public async Task Order_that_is_rolled_back_sends_nothing()
    {
        await using var shop = await Shop.Open();
        var first = await shop.Submit("Ada", reference: "ada-1");

        using var refused = await shop.Api.PostAsJsonAsync("/orders", Shop.Order("Mallory", reference: "ada-1"));
        var later = await shop.Submit("Bob", reference: "bob-1");
        await shop.Reaches(first, "Invoiced");
        await shop.Reaches(later, "Invoiced");
        await shop.Ruby($"Report counts order {later} of Bob");
        await shop.Outbox.WaitUntilDrained().InTime();

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("Order 'ada-1' was taken before.", await refused.Content.ReadFromJsonAsync<string>());
        Assert.DoesNotContain(shop.RubyLines, line => line.Contains("Mallory", StringComparison.Ordinal));
        Assert.DoesNotContain("Mallory", await shop.Redis.Dump(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_that_fails_waits_in_the_retry_set_and_has_its_effects_once_when_it_runs_again()
    {
        await using var shop = await Shop.Open();

        var order = await shop.Submit("Eve", "coffee");
        await shop.Redis.Until(async redis => (await redis.RetrySet()).Length == 1);
        var failed = JsonElement.Parse(Assert.Single(await shop.Redis.RetrySet()).Job);
        Assert.Equal("OrdersApi.OutOfStockException", failed.GetProperty("error_class").GetString());
        Assert.Equal("There is no coffee left.", failed.GetProperty("error_message").GetString());
        Assert.InRange(
            (await shop.Redis.RetrySet())[0].Score - failed.GetProperty("failed_at").GetDouble(),
            TimeSpan.FromMinutes(5).TotalSeconds,
            TimeSpan.FromMinutes(6).TotalSeconds
        );
        Assert.False((await shop.Show(order)).GetProperty("isReserved").GetBoolean());

        using var restocked = await shop.Api.PutAsJsonAsync("/stock/coffee", new { available = 10 });
        Assert.Equal(HttpStatusCode.NoContent, restocked.StatusCode);
        // What the button Retry Now of Sidekiq's Web UI does.
        await Ruby.Eval(shop.Redis, "Sidekiq::RetrySet.new.each(&:retry); nil");
        await Until(async () => (await shop.Show(order)).GetProperty("isReserved").GetBoolean());
        Assert.Equal(9, await Coffee(shop));

        await shop.Redis.SeedQueue("stock", failed.GetRawText());
        await shop.Redis.Until(async redis =>
            !await redis.Db.KeyExistsAsync("queue:stock")
            && (await redis.Keys()).All(key => !key.EndsWith(":stock", StringComparison.Ordinal))
        );
        Assert.Equal(9, await Coffee(shop));
        Assert.Empty(await shop.Redis.RetrySet());
    }

    [Fact]
    public async Task Order_that_nobody_pays_is_cancelled_in_time()
    {
        await using var shop = await Shop.Open(settings: ("Orders:PaymentTimeout", "00:00:00.5"));

        var order = await shop.Submit("Bob");
        await shop.Reaches(order, "Cancelled");

        using var late = await shop.Pay(order);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal("It was not paid in time.", await late.Content.ReadFromJsonAsync<string>());
        Assert.Empty(await shop.Redis.ScheduledSet());
    }

    static async Task<int> Coffee(Shop shop) =>
        (await shop.Api.GetFromJsonAsync<JsonElement>("/stock/coffee")).GetProperty("available").GetInt32();
}
