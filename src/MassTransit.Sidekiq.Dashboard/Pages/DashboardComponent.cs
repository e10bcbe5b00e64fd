using Microsoft.AspNetCore.Components;

namespace MassTransit.Sidekiq;

/// <summary>What every page of the dashboard is made from; for the dashboard's own components.</summary>
public abstract class DashboardComponent : ComponentBase
{
    /// <summary>The request.</summary>
    [Parameter, EditorRequired]
    public object Call { get; set; } = null!;

    /// <summary>What the page shows.</summary>
    [Parameter]
    public object? Model { get; set; }

    private protected DashboardCall Ask => (DashboardCall)Call;
}
