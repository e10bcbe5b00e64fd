using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MassTransit.Sidekiq;

// Renders a page to HTML. Components are static: no circuit, no state, no script of a framework.
internal sealed class PageRenderer(IServiceProvider services)
{
    readonly ILoggerFactory loggers = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;

    public async Task Write(HttpContext context, DashboardCall call, Page page)
    {
        var renderer = new HtmlRenderer(services, loggers);
        await using var _ = renderer.ConfigureAwait(false);
        var html = await renderer
            .Dispatcher.InvokeAsync(async () =>
            {
                var parameters = new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    [nameof(Pages.Layout.Call)] = call,
                    [nameof(Pages.Layout.Title)] = page.Title,
                    [nameof(Pages.Layout.Content)] = page.Component,
                    [nameof(Pages.Layout.Model)] = page.Model,
                };
                var root = await renderer
                    .RenderComponentAsync<Pages.Layout>(ParameterView.FromDictionary(parameters))
                    .ConfigureAwait(false);
                return root.ToHtmlString();
            })
            .ConfigureAwait(false);

        context.Response.ContentType = "text/html; charset=utf-8";
        await context
            .Response.WriteAsync("<!doctype html>" + html, Encoding.UTF8, context.RequestAborted)
            .ConfigureAwait(false);
    }
}
