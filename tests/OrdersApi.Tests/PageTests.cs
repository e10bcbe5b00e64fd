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

    // ./build.sh pictures puts some of them into the documentation.
    [Fact]
    public async Task Dashboard_shows_what_Ruby_and_NET_did_in_the_sample_and_shuts_nobody_out()
    {
        await using var shop = await Shop.Open(server: true);
        await using var browser = await Browser.Start();
        foreach (var (customer, item) in new[] { ("Ada", "tea"), ("Grace", "coffee"), ("Eve", "coffee") })
        {
            await shop.Submit(customer, item);
        }

        await Ruby.Eval(
            shop.Redis,
            "Sidekiq::Client.push('class' => 'Billing::RefundWorker', 'queue' => 'billing', 'args' => ['INV-1', 59.9], 'tags' => ['refund'])"
        );
        await shop.Redis.Until(async redis => (await redis.RetrySet()).Length == 3);
        var order = await shop.Submit("Linus");
        await shop.Reaches(order, "Invoiced");
        // Counters and metrics are written with the beats of the processes.
        await shop.Redis.Until(async redis => (int)await redis.Db.StringGetAsync("stat:failed") >= 3);
        await browser.Look(1280, 900, dark: false);

        await See("", "Processed", "overview");
        await See("queues", "billing", "queues");
        await See("retries", "uninitialized constant Billing::RefundWorker", "retries");
        await See("topics", "Reports::OrderWorker", "topics");
        await See("metrics", "OrdersApi", "metrics");
        await See("outbox", "OrdersDb", "outbox");
        await See("running", "OrdersApi", "running");
        await See("scheduled", "PaymentTimedOut", "scheduled");
        await See("search?q=" + order, "PaymentTimedOut", "search");
        await browser.Open(new Uri(shop.Address, "sidekiq/retries"), "OutOfStockException");
        await browser.Evaluate("document.querySelector('td a[href*=\"/retries/\"]').click()");
        await browser.Shows("document.body.innerText.includes('The job as it is stored')");
        await browser.Picture(Repository.PathOf("artifacts/dashboard/sample-job.png"));
        Assert.Empty(await browser.Barriers());
        Assert.Empty(browser.Errors);

        async Task See(string page, string wanted, string name)
        {
            await browser.Open(new Uri(shop.Address, "sidekiq/" + page), wanted);
            await browser.Shows("document.readyState === 'complete' && !document.querySelector('.tools').hidden");
            await browser.Picture(Repository.PathOf($"artifacts/dashboard/sample-{name}.png"));
            Assert.Empty(await browser.Barriers());
        }
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
