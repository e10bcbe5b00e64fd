namespace MassTransit.Sidekiq.Dashboard.Tests;

public class BrowserTests
{
    static readonly string[] pages =
    [
        "",
        "queues",
        "queues/billing",
        "running",
        "retries",
        "scheduled",
        "dead",
        "topics",
        "periodic",
        "batches",
        "batches/import-7",
        "limits",
        "metrics",
        "search?q=Pay",
    ];

    [Fact]
    public async Task Each_page_is_drawn_without_an_error_in_the_light_in_the_dark_and_on_a_phone()
    {
        await using var redis = await Seeded();
        await using var site = await Site.Open(redis);
        await using var browser = await Browser.Start();

        foreach (
            var (name, width, height, dark) in new[]
            {
                ("light", 1280, 900, false),
                ("dark", 1280, 900, true),
                ("phone", 390, 844, false),
            }
        )
        {
            await browser.Look(width, height, dark);
            foreach (var page in pages)
            {
                await browser.Open(new Uri(site.Address, "sidekiq/" + page), "Overview");
                await browser.Shows("document.readyState === 'complete' && !document.querySelector('.tools').hidden");
                Assert.True(
                    (await browser.Evaluate("document.documentElement.scrollWidth <= innerWidth")).GetBoolean(),
                    $"{page} is wider than {name}"
                );
                if (name != "phone")
                {
                    Assert.Empty(await browser.Barriers());
                }

                await browser.Picture(
                    Repository.PathOf(
                        $"artifacts/dashboard/{(page.Length == 0 ? "overview" : page.Split('?')[0].Replace('/', '-'))}-{name}.png"
                    )
                );
            }
        }

        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Job_is_retried_by_a_click_and_what_cannot_be_undone_is_asked_before()
    {
        await using var redis = await Seeded();
        await using var site = await Site.Open(redis);
        await using var browser = await Browser.Start();

        await browser.Open(new Uri(site.Address, "sidekiq/retries"), "By class and error");
        await browser.Shows("!document.querySelector('.tools').hidden");
        await browser.Evaluate(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }))"
        );
        await browser.Shows("document.activeElement.type === 'search'");
        await browser.Evaluate("window.confirm = (text) => { window.asked = text; return false; }");
        await browser.Evaluate("document.querySelector('button[value=delete-all]').click()");
        Assert.Contains("Delete all", (await browser.Evaluate("window.asked")).GetString(), StringComparison.Ordinal);
        Assert.Equal(3, (await redis.RetrySet()).Length);

        await browser.Evaluate("document.querySelector('input[name=entry]').click()");
        await browser.Evaluate("document.querySelector('button[value=retry]').click()");
        await browser.Shows(
            "document.querySelector('#done')?.innerText === '1 job moved to their queues' && !location.search.includes('done')"
        );

        Assert.Equal(2, (await redis.RetrySet()).Length);

        // What it came to is read by somebody who looks up later, and the focus of the keyboard stays where it is.
        await browser.Evaluate("refresh()");
        Assert.True((await browser.Evaluate("!!document.querySelector('#done')")).GetBoolean());
        await browser.Evaluate("document.querySelector('button[value=delete-all]').focus()");
        await browser.Evaluate("refresh()");
        Assert.Equal("delete-all", (await browser.Evaluate("document.activeElement.value")).GetString());
        Assert.Empty(browser.Errors);
    }

    [Theory]
    [InlineData("light", 1280)]
    [InlineData("phone", 390)]
    public async Task Arguments_are_edited_in_a_browser_and_what_does_not_fit_stays_in_its_field(string name, int width)
    {
        await using var redis = await Seeded();
        await using var site = await Site.Open(redis);
        await using var browser = await Browser.Start();
        await browser.Look(width, 900, dark: false);
        var page = Links.Of(await site.Page("sidekiq/retries"), "/sidekiq/retries/").First();
        await browser.Open(new Uri(site.Address, page), "Edit the arguments");

        await browser.Evaluate("document.querySelector('summary').click()");
        await browser.Evaluate("document.querySelector('textarea').value = '{ wrong'");
        await browser.Evaluate("document.querySelector('button[value=edit]').click()");
        await browser.Shows("document.querySelector('#done')?.innerText.includes('not the arguments of a job')");
        await browser.Shows("document.querySelector('details[open] textarea').value === '{ wrong'");
        Assert.True((await browser.Evaluate("document.documentElement.scrollWidth <= innerWidth")).GetBoolean());
        await browser.Picture(Repository.PathOf($"artifacts/dashboard/edit-{name}.png"));

        await browser.Evaluate("document.querySelector('textarea').value = '[7]'");
        await browser.Evaluate("document.querySelector('button[value=edit]').click()");
        await browser.Shows("document.querySelector('#done')?.innerText.includes('with the edited arguments')");

        Assert.Contains(await redis.Queue("billing"), job => job.Contains("\"args\":[7]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_follows_what_happens_and_stays_while_somebody_works_on_it()
    {
        await using var redis = await Seeded();
        await using var site = await Site.Open(redis);
        await using var browser = await Browser.Start();
        await browser.Open(new Uri(site.Address, "sidekiq/retries"), "By class and error");
        await browser.Shows("!document.querySelector('.tools').hidden");
        await browser.Evaluate(
            "(() => { const s = document.getElementById('refresh'); s.value = '2'; s.dispatchEvent(new Event('change')); })()"
        );

        await redis.SeedRetrySet(Jobs.Failed("Late", "9", "Timeout"), TestClock.Start);
        await browser.Shows("document.body.innerText.includes('Late')");

        await browser.Evaluate("document.querySelector('input[name=entry]').click()");
        await redis.Db.KeyDeleteAsync("retry");
        // A refresh that were under way would have come by now: the page was asked for twice since.
        await browser.Evaluate("refresh().then(refresh)");
        Assert.Contains(
            "Late",
            (await browser.Evaluate("document.body.innerText")).GetString(),
            StringComparison.Ordinal
        );
        await browser.Evaluate("document.querySelector('input[name=entry]:checked').click()");
        await browser.Shows("document.body.innerText.includes('0 jobs')");
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Page_that_cannot_be_refreshed_says_that_it_is_old()
    {
        await using var redis = await Seeded();
        await using var site = await Site.Open(redis);
        await using var browser = await Browser.Start();
        await browser.Open(new Uri(site.Address, "sidekiq/queues"), "billing");
        await browser.Shows("!document.querySelector('.tools').hidden");
        Assert.True((await browser.Evaluate("document.getElementById('stale').hidden")).GetBoolean());

        await browser.Evaluate("window.kept = fetch; window.fetch = () => Promise.reject(new TypeError('away'))");
        await browser.Evaluate(
            "(() => { const s = document.getElementById('refresh'); s.value = '2'; s.dispatchEvent(new Event('change')); })()"
        );
        await browser.Shows("!document.getElementById('stale').hidden");

        await browser.Evaluate("window.fetch = window.kept");
        await browser.Shows("document.getElementById('stale').hidden");
        Assert.Empty(browser.Errors);
    }

    static async Task<RedisDatabase> Seeded()
    {
        var redis = await RedisServer.Lease();
        await redis.SeedQueue(
            "billing",
            Jobs.Of("Billing::Pay", "1", """[{"order":"A-17","amount":49.9}]""", ""","tags":["vip"]""")
        );
        await redis.SeedQueue("mail", Jobs.Of("Mail::Send", "2"));
        await redis.SeedRetrySet(Jobs.Failed("Billing::Pay", "3", "Timeout::Error"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Billing::Pay", "4", "Timeout::Error"), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Failed("Ship", "5", "Refused", new string('x', 400)), TestClock.Start);
        await redis.SeedScheduledSet(Jobs.Of("Remind", "6", $"[\"{new string('y', 300)}\"]"), TestClock.Start);
        await redis.SeedDeadSet(Jobs.Failed("Ship", "7", "Refused"), TestClock.Start);
        await redis.Db.HashSetAsync(
            "mt:topic:Shop.Contracts:OrderAccepted",
            [new("billing", ""), new("ruby|Ship", "")]
        );
        await Jobs.SeedBatch(redis, "import-7", [new("total", 9), new("pending", 3), new("dead", 1)]);
        await redis.Db.HashSetAsync("mt:batch:import-7:open", [new("8", "dead"), new("batch:import-8", "failed")]);
        return redis;
    }
}
