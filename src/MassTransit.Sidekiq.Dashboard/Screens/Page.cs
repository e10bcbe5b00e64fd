using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace MassTransit.Sidekiq;

// What a page shows: a component, its title, and its model.
internal sealed record Page(Type Component, string Title, object? Model)
{
    public int Status { get; init; } = StatusCodes.Status200OK;

    public static Page Of<TComponent>(string title, object? model)
        where TComponent : IComponent => new(typeof(TComponent), title, model);
}
