using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
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
    IReadOnlyList<OutboxWatch> outboxes,
    SidekiqDashboardOptions options,
    IServiceProvider services,
    string root
)
{
    readonly DashboardGate gate = new(options, services.GetService<IHostEnvironment>(), Logger(services), root)
    {
        Redacted = inspector.Redacted,
    };
    readonly PageRenderer renderer = new(services);
    readonly LatencySampler sampler = new(
        inspector,
        services.GetService<TimeProvider>() ?? RealTime.Clock,
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None
    );

    public void Map(RouteGroupBuilder group)
    {
        group.MapGet("/assets/{name}", Assets.Serve);
        new ApiRoutes(gate, ApiTable.Of(inspector, outboxes, sampler)).Map(group.MapGroup("/api"));
        Get(group, "/", new OverviewReader(inspector, outboxes).Read);
        Get(group, "/queues", new QueuesReader(inspector, sampler).All);
        Get(group, "/queues/{name}", new QueuesReader(inspector, sampler).One);
        Get(group, "/running", new RunningReader(inspector).Read);
        Get(group, "/topics", new TopicsReader(inspector).Read);
        Get(group, "/periodic", new PeriodicReader(inspector).All);
        Get(group, "/periodic/{**id}", new PeriodicReader(inspector).One);
        Get(group, "/batches", new BatchesReader(inspector).All);
        Get(group, "/batches/{id}", new BatchesReader(inspector).One);
        Get(group, "/limits", new LimitsReader(inspector).Read);
        Get(group, "/metrics", new MetricsPages(inspector).All);
        Get(group, "/metrics/{**class}", new MetricsPages(inspector).One);
        Get(group, "/search", new SearchReader(inspector).Read);

        Post(group, "/queues/{name}", new QueueActions(inspector).Run);
        Post(group, "/running", new RunningActions(inspector).Run);
        Post(group, "/topics", new TopicActions(inspector).Run);
        Post(group, "/periodic", new PeriodicActions(inspector).Run);
        Post(group, "/batches", new BatchActions(inspector).Run);
        if (outboxes.Count > 0)
        {
            Get(group, "/outbox", new OutboxReader(outboxes).All);
            Get(group, "/outbox/{name}", new OutboxReader(outboxes).One);
            Get(group, "/outbox/{name}/{id}", new OutboxReader(outboxes).Message);
            Post(group, "/outbox/{name}", new OutboxActions(outboxes).Run);
        }

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

        sampler.Look();
        call.HasOutbox = outboxes.Count > 0;
        var page =
            await Read(call, read).ConfigureAwait(false)
            ?? Page.Of<Pages.MissingPage>("Not found", null) with
            {
                Status = StatusCodes.Status404NotFound,
            };
        context.Response.StatusCode = page.Status;

        await renderer.Write(context, call, page).ConfigureAwait(false);
    }

    static async Task<Page?> Read(DashboardCall call, Func<DashboardCall, Task<Page?>> read)
    {
        try
        {
            return await read(call).ConfigureAwait(false);
        }
        catch (SidekiqOutboxException away)
        {
            return Away<Pages.OutboxAwayPage>("The outbox does not answer", away);
        }
        catch (Exception away) when (StoreFaults.IsOfRedis(away))
        {
            return Away<Pages.AwayPage>("Redis does not answer", away);
        }
    }

    static Page Away<TComponent>(string title, Exception away)
        where TComponent : IComponent =>
        Page.Of<TComponent>(title, away.Message) with
        {
            Status = StatusCodes.Status503ServiceUnavailable,
        };

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

        var result = await StoreFaults.Caught(call, run).ConfigureAwait(false);
        gate.Record(call, result);
        if (result.IsFailure && again is not null && await Read(call, again).ConfigureAwait(false) is { } page)
        {
            call.HasOutbox = outboxes.Count > 0;
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
