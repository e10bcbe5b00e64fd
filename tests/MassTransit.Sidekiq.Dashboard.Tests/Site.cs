using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// An application with a bus and a dashboard, on a port of its own, and a visitor who keeps cookies.
public sealed class Site : IAsyncDisposable
{
    readonly WebApplication application;
    readonly HttpClientHandler handler = new() { AllowAutoRedirect = false };
    readonly CapturedLog log;

    Site(WebApplication application, CapturedLog log)
    {
        (this.application, this.log) = (application, log);
        Address = new Uri(application.Urls.First() + "/");
        Visitor = new HttpClient(handler) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Visitor { get; }

    // Lines of the dashboard's own.
    public IReadOnlyCollection<string> Log => log.Lines;

    public static async Task<Site> Open(RedisDatabase redis, SiteOptions? options = null)
    {
        options ??= new SiteOptions();
        var log = new CapturedLog();
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions
            {
                EnvironmentName = options.Environment,
                ContentRootPath = AppContext.BaseDirectory,
            }
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddAuthorization();
        options.Services?.Invoke(builder.Services);
        builder.Services.AddMassTransit(x =>
        {
            options.Bus?.Invoke(x);
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redis.Url);
                    options.Configure?.Invoke(cfg);
                    cfg.ConfigureEndpoints(context);
                }
            );
        });

        var application = builder.Build();
        if (options.PathBase is { } path)
        {
            application.UsePathBase(path);
            application.UseRouting();
        }

        options.Application?.Invoke(application);
        var mapped = application.MapSidekiqDashboard(options.Pattern, options.Dashboard);
        options.Endpoint?.Invoke(mapped);
        await application.StartAsync(TestContext.Current.CancellationToken).InTime();

        return new Site(application, log);
    }

    // An application without a bus, which has an inspector instead.
    public static async Task<Site> OpenAlone(
        string address,
        Action<WebApplication> map,
        Action<IServiceCollection>? services = null
    )
    {
        var log = new CapturedLog();
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions
            {
                EnvironmentName = Environments.Development,
                ContentRootPath = AppContext.BaseDirectory,
            }
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSidekiqInspector(address);
        services?.Invoke(builder.Services);
        var application = builder.Build();
        map(application);
        await application.StartAsync(TestContext.Current.CancellationToken).InTime();

        return new Site(application, log);
    }

    public async Task<string> Page(string path)
    {
        using var answer = await Visitor.GetAsync(
            new Uri(path, UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode}\n{text}");
        return text;
    }

    // Posts a form as a browser would that shows the page; the answer's notice.
    public async Task<string> Post(string page, params (string Name, string Value)[] fields)
    {
        using var answer = await Send(page, await Token(page), "same-origin", fields);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(
            answer.Headers.Location!.ToString().Split('?')[1]
        );
        return query["done"].ToString();
    }

    public async Task<HttpResponseMessage> Send(
        string page,
        string? token,
        string? from,
        params (string Name, string Value)[] fields
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(page, UriKind.Relative));
        request.Content = new FormUrlEncodedContent(
            fields.Append(("token", token ?? "")).Select(field => KeyValuePair.Create(field.Item1, field.Item2))
        );
        if (from is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", from);
        }

        return await Visitor.SendAsync(request, TestContext.Current.CancellationToken).InTime();
    }

    // What the cookie holds after a look at a page.
    public async Task<string> Token(string page)
    {
        using var seen = await Visitor.GetAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken);
        return handler.CookieContainer.GetAllCookies().Single(cookie => cookie.Name == "sidekiq-dashboard").Value;
    }

    public async ValueTask DisposeAsync()
    {
        Visitor.Dispose();
        handler.Dispose();
        await application.DisposeAsync();
    }
}

public sealed record SiteOptions
{
    public string Environment { get; init; } = Environments.Development;

    public string Pattern { get; init; } = "/sidekiq";

    public string? PathBase { get; init; }

    public Action<SidekiqDashboardOptions>? Dashboard { get; init; }

    public Action<IBusRegistrationConfigurator>? Bus { get; init; }

    public Action<ISidekiqBusFactoryConfigurator>? Configure { get; init; }

    public Action<IServiceCollection>? Services { get; init; }

    public Action<WebApplication>? Application { get; init; }

    public Action<IEndpointConventionBuilder>? Endpoint { get; init; }
}
