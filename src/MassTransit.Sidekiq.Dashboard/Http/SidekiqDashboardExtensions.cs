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
    /// Serves the dashboard of the bus that <c>UsingSidekiq</c> configured: queues, topics, retries, metrics and processes of .NET and
    /// Ruby. Closed by default: unless <see cref="SidekiqDashboardOptions.Access" /> or <c>RequireAuthorization</c> opens it, it answers
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
    ) => Map(endpoints, pattern, configure, typeof(IBus), services => services.GetService<ISidekiqInspector>());

    /// <summary>As <see cref="MapSidekiqDashboard" />, for a further bus of the application, under a path of its own.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The path it is served under, such as <c>/sidekiq/billing</c>.</param>
    /// <param name="configure">Access, redaction, title.</param>
    /// <exception cref="InvalidOperationException">The container has no such bus on Sidekiq.</exception>
    public static IEndpointConventionBuilder MapSidekiqDashboard<TBus>(
        this IEndpointRouteBuilder endpoints,
        string pattern,
        Action<SidekiqDashboardOptions>? configure = null
    )
        where TBus : class, IBus =>
        Map(
            endpoints,
            pattern,
            configure,
            typeof(TBus),
            services => services.GetService<DependencyInjection.Bind<TBus, ISidekiqInspector>>()?.Value
        );

    static RouteGroupBuilder Map(
        IEndpointRouteBuilder endpoints,
        string pattern,
        Action<SidekiqDashboardOptions>? configure,
        Type bus,
        Func<IServiceProvider, ISidekiqInspector?> find
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        var options = new SidekiqDashboardOptions();
        configure?.Invoke(options);
        var inspector =
            find(endpoints.ServiceProvider)
            ?? throw new InvalidOperationException(
                "The dashboard needs a bus on Sidekiq, and the container has none. Add it with AddMassTransit(x => x.UsingSidekiq(…)) before the application is built."
            );

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
