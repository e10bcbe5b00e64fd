using MassTransit.Sidekiq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit;

/// <summary>The dashboard on an ASP.NET Core application.</summary>
public static class SidekiqDashboardExtensions
{
    /// <summary>
    /// Serves the dashboard of the bus that <c>UsingSidekiq</c> configured, or of the Redis of <c>AddSidekiqInspector</c>: queues, topics,
    /// retries, metrics and processes of .NET and Ruby. Closed by default: unless <see cref="SidekiqDashboardOptions.Access" /> or <c>RequireAuthorization</c> opens it, it answers
    /// only to this machine in the environment Development.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The path it is served under. Default: <c>/sidekiq</c>.</param>
    /// <param name="configure">Access, redaction, title. Default: closed by default, nothing redacted.</param>
    /// <exception cref="InvalidOperationException">The container has no <see cref="ISidekiqInspector" />.</exception>
    public static IEndpointConventionBuilder MapSidekiqDashboard(
        this IEndpointRouteBuilder endpoints,
        string pattern = "/sidekiq",
        Action<SidekiqDashboardOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return Map(
            endpoints,
            endpoints.ServiceProvider.GetService<ISidekiqInspector>()
                ?? throw new InvalidOperationException(
                    "The dashboard has no Redis to look into: the container has neither a bus on Sidekiq nor an inspector. Add AddMassTransit(x => x.UsingSidekiq(…)) or, in a process without a bus, AddSidekiqInspector(\"redis://…\") before the application is built."
                ),
            pattern,
            configure,
            typeof(IBus)
        );
    }

    /// <summary>
    /// As <see cref="MapSidekiqDashboard(IEndpointRouteBuilder, string, Action{SidekiqDashboardOptions})" />, for an inspector of your
    /// choice, such as one of several that <c>AddKeyedSidekiqInspector</c> has registered.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="inspector">Whose Redis is shown.</param>
    /// <param name="pattern">The path it is served under, such as <c>/sidekiq/billing</c>.</param>
    /// <param name="configure">Access, redaction, title.</param>
    public static IEndpointConventionBuilder MapSidekiqDashboard(
        this IEndpointRouteBuilder endpoints,
        ISidekiqInspector inspector,
        string pattern,
        Action<SidekiqDashboardOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(inspector);
        return Map(endpoints, inspector, pattern, configure, bus: null);
    }

    /// <summary>
    /// As <see cref="MapSidekiqDashboard(IEndpointRouteBuilder, string, Action{SidekiqDashboardOptions})" />, for a further bus of the
    /// application, under a path of its own.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The path it is served under, such as <c>/sidekiq/billing</c>.</param>
    /// <param name="configure">Access, redaction, title.</param>
    /// <exception cref="InvalidOperationException">The container has no such bus on Sidekiq.</exception>
    public static IEndpointConventionBuilder MapSidekiqDashboard<TBus>(
        this IEndpointRouteBuilder endpoints,
        string pattern,
        Action<SidekiqDashboardOptions>? configure = null
    )
        where TBus : class, IBus
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return Map(
            endpoints,
            endpoints.ServiceProvider.GetService<DependencyInjection.Bind<TBus, ISidekiqInspector>>()?.Value
                ?? throw new InvalidOperationException(
                    $"The container has no bus {typeof(TBus).Name} on Sidekiq. Add it with AddMassTransit<{typeof(TBus).Name}>(x => x.UsingSidekiq(…)) before the application is built."
                ),
            pattern,
            configure,
            typeof(TBus)
        );
    }

    static RouteGroupBuilder Map(
        IEndpointRouteBuilder endpoints,
        ISidekiqInspector inspector,
        string pattern,
        Action<SidekiqDashboardOptions>? configure,
        Type? bus
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        var options = new SidekiqDashboardOptions();
        configure?.Invoke(options);

        // "jobs", "/jobs" and "/jobs/" are one place, and links begin with it.
        var root = pattern.Trim('/') is { Length: > 0 } path ? "/" + path : "";
        var group = endpoints.MapGroup(root);
        OutboxWatch[] outboxes =
        [
            .. endpoints
                .ServiceProvider.GetServices<ISidekiqOutbox>()
                .Where(outbox => outbox.Bus == bus)
                .Select(outbox => new OutboxWatch(outbox)),
        ];
        new DashboardRoutes(inspector, outboxes, options, endpoints.ServiceProvider, root).Map(group);
        group.ExcludeFromDescription();
        return group;
    }
}
