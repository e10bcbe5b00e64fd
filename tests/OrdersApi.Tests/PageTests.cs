namespace OrdersApi.Tests;

public class PageTests
{
    [Fact]
    public async Task Pages_open_in_a_browser_without_an_error_in_its_console()
    {
        await using var shop = await Shop.Open(server: true);
        await using var browser = await Browser.Start();

        // The front page leads to the description, which the browser fetches and draws.
        var description = await browser.Open(shop.Address, "Pays an order: it ships, if it has an invoice");
        var dashboard = await browser.Open(new Uri(shop.Address, "sidekiq/topics"), "OrdersApi:OrderSubmitted");
        var health = await browser.Open(new Uri(shop.Address, "health"), "Healthy");

        Assert.Contains("/orders/{id}", description, StringComparison.Ordinal);
        Assert.Contains("stock", dashboard, StringComparison.Ordinal);
        Assert.Equal("Healthy", health);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Browser_of_the_tests_hears_what_a_page_complains_of()
    {
        await using var browser = await Browser.Start();

        await browser.Open(
            new Uri(
                "data:text/html,<body><script>console.error('wrong'); setTimeout(() => { document.body.append('shown'); })</script>"
            ),
            "shown"
        );

        Assert.Contains("wrong", Assert.Single(browser.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browser_of_the_tests_finds_what_shuts_somebody_out()
    {
        await using var browser = await Browser.Start();

        await browser.Open(new Uri("data:text/html,<body><main>shown <img src='data:,'></main>"), "shown");

        Assert.Contains(await browser.Barriers(), barrier => barrier.StartsWith("image-alt", StringComparison.Ordinal));
    }
}
