using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace OrdersApi.Tests;

/// <summary>samples/DashboardHost as its users run it: a process of its own, on the Redis of a real Ruby Sidekiq.</summary>
public sealed class DashboardHostTests
{
    [Fact]
    public async Task Jobs_of_Ruby_are_shown_to_whoever_signs_in_and_retried_by_the_admin_alone()
    {
        await using var redis = await RedisServer.Lease();
        await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'Billing::InvoiceWorker', 'queue' => 'billing', 'args' => [17])"
        );
        var jid = await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'Billing::InvoiceWorker', 'queue' => 'billing', 'args' => [18], 'at' => Time.now.to_f + 3600)"
        );
        await using var host = await Start(redis, ("Dashboard__Title", "Ruby's jobs"));

        Assert.Equal(HttpStatusCode.OK, (await host.Get("health", account: null)).Status);
        var (closed, _, challenge) = await host.Get("queues", account: null);
        Assert.Equal((HttpStatusCode.Unauthorized, "Basic"), (closed, challenge));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get("queues", "admin:wrong")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get("queues", "other:s3cret")).Status);

        var (open, page, _) = await host.Get("queues/billing", "reader:look");
        Assert.Equal(HttpStatusCode.OK, open);
        Assert.Contains("Billing::InvoiceWorker", page, StringComparison.Ordinal);
        Assert.Contains("Ruby&#x27;s jobs</title>", page, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Forbidden, await host.Press("scheduled", "reader:look", "retry-all"));
        Assert.Single(await redis.ScheduledSet());
        Assert.Equal(HttpStatusCode.SeeOther, await host.Press("scheduled", "admin:s3cret", "retry-all"));
        Assert.Empty(await redis.ScheduledSet());
        var queue = await Ruby.Eval(redis, "Sidekiq::Queue.new('billing').map(&:jid)");
        Assert.Contains(jid.GetString(), queue.EnumerateArray().Select(job => job.GetString()));
        await host.Process.Line("admin on the dashboard: retry scheduled");

        await host.Process.Stop();
        Assert.Equal(0, host.Process.ExitCode);
    }

    [Fact]
    public async Task Program_refuses_to_start_in_production_where_nobody_could_sign_in()
    {
        await using var process = Run(new() { ["REDIS_URL"] = "redis://127.0.0.1:1" });

        await process.Exited.InTime();

        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("Nobody can sign in,", Assert.Single(process.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_refuses_to_start_without_the_address_of_Redis()
    {
        await using var process = Run(new() { ["Dashboard__Admin__Password"] = "s3cret" });

        await process.Exited.InTime();

        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("The address of Redis is missing.", Assert.Single(process.Lines), StringComparison.Ordinal);
    }

    static async Task<Visited> Start(RedisDatabase redis, params (string Name, string Value)[] settings)
    {
        var process = Run(
            new(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)))
            {
                ["REDIS_URL"] = redis.Url,
                ["Dashboard__Admin__Password"] = "s3cret",
                ["Dashboard__Reader__Password"] = "look",
            }
        );
        try
        {
            const string listens = "Now listening on: ";
            var line = await process.Line(listens);
            return new Visited(
                process,
                new Uri(line[(line.IndexOf(listens, StringComparison.Ordinal) + listens.Length)..])
            );
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    static ChildProcess Run(Dictionary<string, string> environment)
    {
        var build = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var folder = Repository.PathOf($"samples/DashboardHost/bin/{build.Parent!.Name}/{build.Name}");
        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        return ChildProcess.Start("dotnet", ["exec", Path.Combine(folder, "DashboardHost.dll")], environment, folder);
    }

    // The running program, and visitors who keep its cookie.
    sealed class Visited(ChildProcess process, Uri address) : IAsyncDisposable
    {
        readonly HttpClientHandler handler = new() { AllowAutoRedirect = false };
        HttpClient? client;

        public ChildProcess Process => process;

        HttpClient Client => client ??= new HttpClient(handler, disposeHandler: false) { BaseAddress = address };

        public async Task<(HttpStatusCode Status, string Page, string? Challenge)> Get(string path, string? account)
        {
            using var request = Request(HttpMethod.Get, path, account);
            using var answer = await Client.SendAsync(request).InTime();
            var challenge = answer.Headers.WwwAuthenticate.FirstOrDefault()?.Scheme;
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), challenge);
        }

        // As the form of the page that the visitor looks at.
        public async Task<HttpStatusCode> Press(string path, string account, string action)
        {
            await Get(path, account);
            var token = handler.CookieContainer.GetAllCookies().Single(cookie => cookie.Name == "sidekiq-dashboard");
            using var request = Request(HttpMethod.Post, path, account);
            request.Headers.Add("Sec-Fetch-Site", "same-origin");
            request.Content = new FormUrlEncodedContent([
                KeyValuePair.Create("token", token.Value),
                KeyValuePair.Create("action", action),
            ]);
            using var answer = await Client.SendAsync(request).InTime();
            return answer.StatusCode;
        }

        public async ValueTask DisposeAsync()
        {
            client?.Dispose();
            handler.Dispose();
            await process.DisposeAsync();
        }

        static HttpRequestMessage Request(HttpMethod method, string path, string? account)
        {
            var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            request.Headers.Authorization = account is null
                ? null
                : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(account)));
            return request;
        }
    }
}
