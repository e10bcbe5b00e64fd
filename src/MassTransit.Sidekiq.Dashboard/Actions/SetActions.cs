namespace MassTransit.Sidekiq;

// On those that are ticked, on a group, or on all.
internal sealed class SetActions(JobSetKind kind)
{
    static readonly Dictionary<string, string> done = new(StringComparer.Ordinal)
    {
        ["retry"] = "moved to their queues",
        ["kill"] = "moved to the dead set",
        ["delete"] = "removed",
    };

    public async Task<ActionResult> Run(DashboardCall call)
    {
        var (action, scope) = Split(call.Field("action") ?? "");
        if (!done.TryGetValue(action, out var what) || (action == "kill" && !kind.CanKill))
        {
            return ActionResult.Failed("The page is of another version. Reload it.");
        }

        if (scope == "all" && action != "retry" && !call.IsAdmin)
        {
            return ActionResult.Failed("You may do this with single jobs and groups only.");
        }

        var (count, target) = scope switch
        {
            "all" => (await All(action, _ => true, call).ConfigureAwait(false), "all"),
            "group" => await Group(action, call).ConfigureAwait(false),
            _ => (await Chosen(action, call).ConfigureAwait(false), string.Join(' ', call.Form["entry"].Take(20))),
        };

        return ActionResult.Count($"{action} {kind.Path}", target, count, what);
    }

    static (string Action, string Scope) Split(string value)
    {
        var dash = value.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (value, "") : (value[..dash], value[(dash + 1)..]);
    }

    async Task<(long Count, string Target)> Group(string action, DashboardCall call)
    {
        var group = new SidekiqGroup(call.Field("class"), call.Field("error"), 0, null, null);
        return (
            await All(action, group.Has, call).ConfigureAwait(false),
            $"{group.Class ?? "no job"} with {group.ErrorClass ?? "no error"}"
        );
    }

    Task<long> All(string action, Func<SidekiqEntry, bool> which, DashboardCall call) =>
        action switch
        {
            "retry" => kind.Set.RetryAll(which, call.Aborted),
            "kill" => kind.Set.KillAll(which, call.Aborted),
            _ => kind.Set.DeleteAll(which, call.Aborted),
        };

    async Task<long> Chosen(string action, DashboardCall call)
    {
        var count = 0L;
        foreach (var key in call.Form["entry"].OfType<string>().Select(EntryKey.Parse).OfType<EntryKey>())
        {
            if (await key.Find(kind.Set, call.Aborted).ConfigureAwait(false) is { } entry)
            {
                count += await One(action, entry, call).ConfigureAwait(false) ? 1 : 0;
            }
        }

        return count;
    }

    Task<bool> One(string action, SidekiqEntry entry, DashboardCall call) =>
        action switch
        {
            "retry" => kind.Set.Retry(entry, call.Aborted),
            "kill" => kind.Set.Kill(entry, call.Aborted),
            _ => kind.Set.Delete(entry, call.Aborted),
        };
}
