using System.Globalization;

namespace MassTransit.Sidekiq;

// On messages that an outbox has set aside: those that are ticked, or all.
internal sealed class OutboxActions(IReadOnlyList<OutboxWatch> outboxes)
{
    public async Task<ActionResult> Run(DashboardCall call)
    {
        var name = call.Route("name");
        if (outboxes.FirstOrDefault(outbox => outbox.Name == name)?.Outbox is not { } outbox)
        {
            return ActionResult.Failed($"There is no outbox {name}.", ActionFault.Gone);
        }

        long[] ids = [.. call.Form["id"].Select(Id).OfType<long>()];
        return call.Field("action") switch
        {
            "release" => await Change("release", outbox, ids, outbox.Release, call).ConfigureAwait(false),
            "release-all" => await Change("release", outbox, null, outbox.Release, call).ConfigureAwait(false),
            "discard" => await Change("discard", outbox, ids, outbox.Discard, call).ConfigureAwait(false),
            "discard-all" when call.IsAdmin => await Change("discard", outbox, null, outbox.Discard, call)
                .ConfigureAwait(false),
            _ => ActionResult.Failed("You may not do this, or the page is of another version. Reload it."),
        };
    }

    // The log tells which, whatever it comes to.
    static async Task<ActionResult> Change(
        string action,
        ISidekiqOutbox outbox,
        long[]? ids,
        Func<IReadOnlyCollection<long>?, CancellationToken, Task<int>> change,
        DashboardCall call
    )
    {
        var target = $"{outbox.Name} {(ids is null ? "all" : string.Join(' ', ids))}";
        try
        {
            var count = await change(ids, call.Aborted).ConfigureAwait(false);
            return new ActionResult($"{action} outbox", target, Told(count, ids?.Length, action));
        }
        catch (SidekiqOutboxException fault)
        {
            return new ActionResult($"{action} outbox {target}", target, fault.Message, IsFailure: true)
            {
                Fault = ActionFault.Away,
            };
        }
    }

    static string Told(int count, int? chosen, string action)
    {
        var done =
            $"{Show.Number(count)} {(count == 1 ? "message" : "messages")} {action}{(action[^1] == 'e' ? "d" : "ed")}";
        return chosen is null || count >= chosen ? done
            : action == "release"
                ? $"{done} of {chosen} chosen: the others have left, or cannot be read and can be discarded only"
            : $"{done} of {chosen} chosen: the others have left";
    }

    static long? Id(string? text) => long.TryParse(text, CultureInfo.InvariantCulture, out var id) ? id : null;
}
