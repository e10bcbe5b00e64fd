using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace OrdersApi.Tests;

public class ApiTests
{
    [Fact]
    public async Task Requests_that_make_no_sense_are_answered_with_the_reason()
    {
        await using var shop = await Shop.Open();

        using var empty = await shop.Api.PostAsJsonAsync("/orders", new { customer = " ", total = 0 });
        Assert.Equal(HttpStatusCode.BadRequest, empty.StatusCode);
        var faults = (await empty.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors");
        Assert.Equal("Say who orders.", faults.GetProperty("customer")[0].GetString());
        Assert.Equal("0 is not more than 0.", faults.GetProperty("total")[0].GetString());

        using var unknown = await shop.Api.GetAsync($"/orders/{Guid.NewGuid()}");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        using var unpaid = await shop.Pay(Guid.NewGuid());
        Assert.Equal(HttpStatusCode.Conflict, unpaid.StatusCode);
        Assert.Equal("There is no such order here yet.", await unpaid.Content.ReadFromJsonAsync<string>());
    }

    [Fact]
    public async Task Health_is_that_of_bus_and_outbox()
    {
        await using var shop = await Shop.Open();

        Assert.Equal("Healthy", await shop.Api.GetStringAsync("/health"));
        Assert.Equal("Healthy", await shop.Api.GetStringAsync("/ready"));
    }

    [Fact]
    public async Task Stop_on_the_Busy_page_ends_the_fetching_of_jobs_and_leaves_the_site_up()
    {
        await using var shop = await Shop.Open();
        string? identity = null;
        await shop.Redis.Until(async redis =>
        {
            var processes = await redis.Db.SetMembersAsync("processes");
            identity = processes
                .Select(process => process.ToString())
                .FirstOrDefault(process => process.Contains($":{Environment.ProcessId}:", StringComparison.Ordinal));
            return identity is not null;
        });

        await shop.Redis.Db.ListLeftPushAsync($"{identity}-signals", "TERM");
        await shop.Redis.Until(async redis => await redis.Db.HashGetAsync(identity, "quiet") == "true");

        await shop.Submit("Ada");
        Assert.Equal("Degraded", await shop.Api.GetStringAsync("/health"));
        Assert.Equal("Degraded", await shop.Api.GetStringAsync("/ready"));
        Assert.Equal("Healthy", await shop.Api.GetStringAsync("/live"));
    }

    [Fact]
    public async Task Description_of_the_API_names_each_endpoint_and_what_it_is_for()
    {
        await using var shop = await Shop.Open();

        var paths = (await shop.Api.GetFromJsonAsync<JsonElement>("/openapi/v1.json")).GetProperty("paths");

        Assert.Equal(
            ["/orders", "/orders/{id}", "/orders/{id}/payment", "/stock/{item}"],
            paths.EnumerateObject().Select(path => path.Name.TrimEnd('/')).Order(StringComparer.Ordinal)
        );
        Assert.All(
            paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()),
            operation => Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!)
        );
    }

    [Fact]
    public async Task Options_that_make_no_sense_stop_the_start()
    {
        var fault = await Assert.ThrowsAnyAsync<OptionsValidationException>(() =>
            Shop.Open(settings: ("Orders:PaymentTimeout", "-00:00:01"))
        );

        Assert.Contains("Orders:PaymentTimeout must be above zero.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_of_requests_speaks_of_endpoints_that_are_there()
    {
        var requests = File.ReadLines(Repository.PathOf("samples/OrdersApi/OrdersApi.http"))
            .Where(line => line.Contains(" {{api}}", StringComparison.Ordinal))
            .Select(line =>
                line.Replace("{{api}}", "", StringComparison.Ordinal)
                    .Replace("{{order}}", "{id}", StringComparison.Ordinal)
            )
            .Distinct();

        Assert.Equal(
            [
                "POST /orders",
                "GET /orders/{id}",
                "POST /orders/{id}/payment",
                "PUT /stock/coffee",
                "GET /stock/coffee",
                "GET /health",
            ],
            requests
        );
    }
}
