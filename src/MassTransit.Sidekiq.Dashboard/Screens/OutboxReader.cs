using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace MassTransit.Sidekiq;

// What an outbox holds, or why that is not known.
internal sealed record OutboxRow(string Name, SidekiqOutboxState? State, string? Fault);

internal sealed record OutboxModel(
    string Name,
    SidekiqOutboxState State,
    IReadOnlyList<SidekiqOutboxFault> SetAside,
    long? Next
);

internal sealed record OutboxMessageModel(string Name, SidekiqOutboxMessage Message);

internal sealed class OutboxReader(IReadOnlyList<OutboxWatch> outboxes)
{
    const int PageSize = 25;

    public async Task<Page?> All(DashboardCall call)
    {
        var rows = await Task.WhenAll(outboxes.Select(outbox => Row(outbox, call))).ConfigureAwait(false);

        return Page.Of<Pages.OutboxesPage>("Outbox", rows) with
        {
            Status = rows.Any(row => row.State is null)
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK,
        };
    }

    public async Task<Page?> One(DashboardCall call)
    {
        if (Find(call) is not { } outbox)
        {
            return null;
        }

        // The state first: where the database does not answer, nothing else is asked.
        var state = await outbox.State(OutboxWatch.Timeout, call.Aborted).ConfigureAwait(false);
        long? before = long.TryParse(call.Query("before"), CultureInfo.InvariantCulture, out var id) ? id : null;
        var faults = await outbox
            .Ask((it, token) => it.SetAside(PageSize + 1, before, token), call.Aborted)
            .ConfigureAwait(false);
        var next = faults.Count > PageSize ? faults[PageSize - 1].Id : (long?)null;

        return Page.Of<Pages.OutboxPage>(
            outbox.Name,
            new OutboxModel(outbox.Name, state, [.. faults.Take(PageSize)], next)
        );
    }

    public async Task<Page?> Message(DashboardCall call)
    {
        var found =
            Find(call) is { } outbox && long.TryParse(call.Route("id"), CultureInfo.InvariantCulture, out var id)
                ? await outbox.Ask((it, token) => it.Find(id, token), call.Aborted).ConfigureAwait(false)
                : null;

        return found is null
            ? null
            : Page.Of<Pages.OutboxMessagePage>(
                Show.MessageType(found.Fault),
                new OutboxMessageModel(call.Route("name"), found)
            );
    }

    OutboxWatch? Find(DashboardCall call) => outboxes.FirstOrDefault(outbox => outbox.Name == call.Route("name"));

    static async Task<OutboxRow> Row(OutboxWatch outbox, DashboardCall call)
    {
        try
        {
            var state = await outbox.State(OutboxWatch.Timeout, call.Aborted).ConfigureAwait(false);
            return new OutboxRow(outbox.Name, state, null);
        }
        catch (SidekiqOutboxException away)
        {
            return new OutboxRow(outbox.Name, null, away.Message);
        }
    }
}
