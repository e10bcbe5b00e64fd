using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MassTransit.Sidekiq;

// One dashboard: its routes, each behind the gate. A page is a component with a model that is read before it is rendered, so that
// Redis is asked in one place; an action is a form that is posted to the page it stands on, which is shown again behind it.
internal sealed class DashboardRoutes(
    ISidekiqInspector inspector,
    SidekiqDashboardOptions options,
    IServiceProvider services,
    string root
)
{
    readonly DashboardGate gate = new(options, services.GetService<IHostEnvironment>(), Logger(services), root);
    readonly PageRenderer renderer = new(services);

    public void Map(RouteGroupBuilder group)
    {
        group.MapGet("/assets/{name}", Assets.Serve);
        new ApiRoutes(gate, ApiTable.Of(inspector)).Map(group.MapGroup("/api"));
        Get(group, "/", new OverviewReader(inspector).Read);
        Get(group, "/queues", new QueuesReader(inspector).All);
        Get(group, "/queues/{name}", new QueuesReader(inspector).One);
        Get(group, "/running", new RunningReader(inspector).Read);
        Get(group, "/topics", new TopicsReader(inspector).Read);
        Get(group, "/periodic", new PeriodicReader(inspector).Read);
        Get(group, "/metrics", new MetricsPages(inspector).All);
        Get(group, "/metrics/{**class}", new MetricsPages(inspector).One);
        Get(group, "/search", new SearchReader(inspector).Read);

        Post(group, "/queues/{name}", new QueueActions(inspector).Run);
        Post(group, "/running", new ProcessActions(inspector).Run);
        Post(group, "/topics", new TopicActions(inspector).Run);
        Post(group, "/periodic", new PeriodicActions(inspector).Run);
        foreach (var set in JobSetKind.Of(inspector))
        {
            Get(group, $"/{set.Path}", new SetReader(set).All);
            Get(group, $"/{set.Path}/{{key}}", new SetReader(set).One);
            Post(group, $"/{set.Path}", new SetActions(set).Run);
            Post(group, $"/{set.Path}/{{key}}", new JobActions(set).Run, new SetReader(set).One);
        }
    }

    void Get(RouteGroupBuilder group, string path, Func<DashboardCall, Task<Page?>> read) =>
        group.MapGet(path, context => Show(context, read));

    // What fails on a page with `again` is answered with that page, so that what was typed stays.
    void Post(
        RouteGroupBuilder group,
        string path,
        Func<DashboardCall, Task<ActionResult>> run,
        Func<DashboardCall, Task<Page?>>? again = null
    ) => group.MapPost(path, context => Act(context, run, again));

    async Task Show(HttpContext context, Func<DashboardCall, Task<Page?>> read)
    {
        if (await gate.Enter(context, SidekiqDashboardAccess.Read).ConfigureAwait(false) is not { } call)
        {
            return;
        }

        var page = await Read(context, call, read).ConfigureAwait(false);
        if (page is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            page = new Page(typeof(Pages.MissingPage), "Not found", null);
        }

        await renderer.Write(context, call, page).ConfigureAwait(false);
    }

    static async Task<Page?> Read(HttpContext context, DashboardCall call, Func<DashboardCall, Task<Page?>> read)
    {
        try
        {
            return await read(call).ConfigureAwait(false);
        }
        catch (Exception away) when (RedisFaults.IsOne(away))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return new Page(typeof(Pages.AwayPage), "Redis does not answer", away.Message);
        }
    }

    async Task Act(
        HttpContext context,
        Func<DashboardCall, Task<ActionResult>> run,
        Func<DashboardCall, Task<Page?>>? again
    )
    {
        if (await gate.EnterToAct(context).ConfigureAwait(false) is not { } call)
        {
            return;
        }

        var result = await RedisFaults.Caught(call, run).ConfigureAwait(false);
        gate.Record(call, result);
        if (result.IsFailure && again is not null && await Read(context, call, again).ConfigureAwait(false) is { } page)
        {
            call.Tell(result);
            context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            await renderer.Write(context, call, page).ConfigureAwait(false);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = call.Back(result, hasLeft: again is not null);
    }

    static ILogger Logger(IServiceProvider services) =>
        services.GetService<ILoggerFactory>()?.CreateLogger("MassTransit.Sidekiq.Dashboard") ?? NullLogger.Instance;
}
