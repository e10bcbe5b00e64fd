using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MassTransit.Sidekiq;

// The operations of the API behind the gate, and the document that describes them.
internal sealed class ApiRoutes(DashboardGate gate, IReadOnlyList<ApiRoute> routes)
{
    readonly ApiDocument document = new(routes);

    public void Map(RouteGroupBuilder group)
    {
        foreach (var route in routes)
        {
            if (route.Show is { } show)
            {
                group.MapGet(route.Path, context => Show(context, route, show));
            }

            if (route.Run is { } run)
            {
                group.MapPost(route.Path, context => Act(context, route, run));
            }
        }

        group.MapGet("/openapi.json", Describe);
        group.Map("/{**path}", Miss);
        // Who has to sign in is told so by the status; a script cannot use a page for it.
        group.DisableCookieRedirect();
    }

    async Task Show(HttpContext context, ApiRoute route, Func<DashboardCall, Task<object?>> show)
    {
        if (await gate.EnterApi(context, route.Needed).ConfigureAwait(false) is not { } call)
        {
            return;
        }

        if (route.FaultOf(call) is { } wrong)
        {
            await ApiProblem.Write(context, StatusCodes.Status400BadRequest, wrong).ConfigureAwait(false);
            return;
        }

        object? answer;
        try
        {
            answer = await show(call).ConfigureAwait(false);
        }
        catch (Exception away) when (StoreFaults.IsAway(away))
        {
            await ApiProblem
                .Write(context, StatusCodes.Status503ServiceUnavailable, away.Message)
                .ConfigureAwait(false);
            return;
        }

        await (
            answer is null
                ? ApiProblem.Write(
                    context,
                    StatusCodes.Status404NotFound,
                    "There is no such job or batch, or no longer: a job that is retried, deleted or run leaves its place, and a batch is kept for 24 hours after its success."
                )
                : context.Response.WriteAsJsonAsync(answer, route.Answer, ApiJson.Options, call.Aborted)
        ).ConfigureAwait(false);
    }

    async Task Act(HttpContext context, ApiRoute route, Func<DashboardCall, Task<ActionResult>> run)
    {
        if (await gate.EnterApiToAct(context).ConfigureAwait(false) is not { } call)
        {
            return;
        }

        var result = await Run(context, call, route, run).ConfigureAwait(false);
        gate.Record(call, result.Action.Length > 0 ? result : result with { Action = route.Action! });
        await (
            result.IsFailure
                ? ApiProblem.Write(context, StatusOf(result.Fault), result.Text)
                : context.Response.WriteAsJsonAsync(DoneView.Of(result), ApiJson.Options, call.Aborted)
        ).ConfigureAwait(false);
    }

    static async Task<ActionResult> Run(
        HttpContext context,
        DashboardCall call,
        ApiRoute route,
        Func<DashboardCall, Task<ActionResult>> run
    )
    {
        if (call.Access < route.Needed)
        {
            return ActionResult.Failed($"This needs the access level {route.Needed}.", ActionFault.Refused);
        }

        if (await Body(context.Request, call.Aborted).ConfigureAwait(false) is not { } json)
        {
            return ActionResult.Failed($"The body is longer than {ApiBody.MostBytes >> 20} MB.");
        }

        var body = ApiBody.Parse(json, route);
        if (body.Fields is null)
        {
            return ActionResult.Failed(body.Fault!);
        }

        call.Bring(body.Fields);
        return await StoreFaults.Caught(call, run).ConfigureAwait(false);
    }

    // Null when it is too long.
    static async Task<ReadOnlyMemory<byte>?> Body(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = await request.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; )
        {
            body.Write(buffer, 0, read);
            if (body.Length > ApiBody.MostBytes)
            {
                return null;
            }
        }

        return body.ToArray();
    }

    static int StatusOf(ActionFault fault) =>
        fault switch
        {
            ActionFault.Refused => StatusCodes.Status403Forbidden,
            ActionFault.Gone => StatusCodes.Status404NotFound,
            ActionFault.Away => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status400BadRequest,
        };

    async Task Describe(HttpContext context)
    {
        if (await gate.EnterApi(context, SidekiqDashboardAccess.Read).ConfigureAwait(false) is { } call)
        {
            await context
                .Response.WriteAsJsonAsync(document.For(call), ApiJson.Options, call.Aborted)
                .ConfigureAwait(false);
        }
    }

    async Task Miss(HttpContext context)
    {
        if (await gate.EnterApi(context, SidekiqDashboardAccess.Read).ConfigureAwait(false) is { } call)
        {
            await ApiProblem
                .Write(
                    context,
                    StatusCodes.Status404NotFound,
                    $"There is no {context.Request.Method} {call.Path}. {call.Url("api", "openapi.json")} lists what there is."
                )
                .ConfigureAwait(false);
        }
    }
}
