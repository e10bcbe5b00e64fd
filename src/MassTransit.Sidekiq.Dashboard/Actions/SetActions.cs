using System.Globalization;

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
        switch (call.Field("action"))
        {
            case "reschedule":
                return await Reschedule(call).ConfigureAwait(false);
            case "send" or "move":
                return await ToQueue(call).ConfigureAwait(false);
        }

        var (action, scope) = Split(call.Field("action") ?? "");
        if (action is "send" or "move" or "reschedule" && scope is "group" or "all")
        {
            return await Change(action, scope, call).ConfigureAwait(false);
        }

        if (!done.TryGetValue(action, out var what) || (action == "kill" && !kind.CanKill))
        {
            return ActionResult.Failed("The page is of another version. Reload it.");
        }

        if (scope == "all" && action != "retry" && !call.IsAdmin)
        {
            return ActionResult.Failed("You may do this with single jobs and groups only.");
        }

        if (scope.Length == 0 && call.Form["entry"].Count == 0)
        {
            return ActionResult.Failed("Tick a job first.");
        }

        var (count, target) = scope switch
        {
            "all" => (await All(action, call).ConfigureAwait(false), "all"),
            "group" => await Group(action, call).ConfigureAwait(false),
            _ => (await Chosen(action, call).ConfigureAwait(false), Chosen(call)),
        };

        return ActionResult.Count($"{action} {kind.Path}", target, count, what);
    }

    // A group or all: to another queue, now or when their time comes, or to another time.
    async Task<ActionResult> Change(string action, string scope, DashboardCall call)
    {
        if (scope == "all" && !call.IsAdmin)
        {
            return ActionResult.Failed("You may do this with single jobs and groups only.");
        }

        var (which, target) = scope == "group" ? Group(call) : (_ => true, "all");
        if (action == "reschedule")
        {
            return TimeOf(call) is { } at
                ? ActionResult.Count(
                    $"reschedule {kind.Path}",
                    target,
                    await kind.Set.RescheduleAll(at, which, call.Aborted).ConfigureAwait(false),
                    $"moved to {Show.Time(at)} UTC"
                )
                : NoTime(call);
        }

        if (call.Field("queue") is not { } queue)
        {
            return ActionResult.Failed("Name the queue to move to.");
        }

        return action == "send"
            ? ActionResult.Count(
                $"run {kind.Path} on another queue",
                $"{target} to {queue}",
                await kind.Set.RetryAllOn(queue, which, call.Aborted).ConfigureAwait(false),
                $"moved to queue {queue}"
            )
            : ActionResult.Count(
                $"move {kind.Path} to another queue",
                $"{target} to {queue}",
                await kind.Set.MoveAll(queue, which, call.Aborted).ConfigureAwait(false),
                $"will go to queue {queue}"
            );
    }

    // Null for what is no time, and for a set whose jobs wait for none.
    DateTimeOffset? TimeOf(DashboardCall call) =>
        kind.CanKill
        && DateTimeOffset.TryParse(
            call.Field("at"),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var at
        )
            ? at
            : null;

    static ActionResult NoTime(DashboardCall call) =>
        ActionResult.Failed($"'{call.Field("at")}' is not a time such as 2000-12-31T08:00:00.");

    // Those that are ticked, or the one on whose page the form stands.
    async Task<ActionResult> Reschedule(DashboardCall call)
    {
        if (TimeOf(call) is not { } at)
        {
            return NoTime(call);
        }

        var count = 0L;
        foreach (var entry in await Entries(call).ConfigureAwait(false))
        {
            count += await kind.Set.Reschedule(entry, at, call.Aborted).ConfigureAwait(false) ? 1 : 0;
        }

        return call.Form["entry"].Count > 1
            ? ActionResult.Count($"reschedule {kind.Path}", Chosen(call), count, $"moved to {Show.Time(at)} UTC")
            : ActionResult.One(
                $"reschedule {kind.Path}",
                Chosen(call),
                count > 0,
                $"The job runs at {Show.Time(at)} UTC",
                "The job has left the set"
            );
    }

    // Those that are ticked, or the one on whose page the form stands: to another queue now, or when their time comes.
    async Task<ActionResult> ToQueue(DashboardCall call)
    {
        if (call.Field("queue") is not { } queue)
        {
            return ActionResult.Failed("Name the queue to move to.");
        }

        var (isNow, count, from) = (call.Field("action") == "send", 0L, new SortedSet<string>(StringComparer.Ordinal));
        foreach (var entry in await Entries(call).ConfigureAwait(false))
        {
            if (
                entry.IsJob
                && await (
                    isNow ? kind.Set.RetryOn(entry, queue, call.Aborted) : kind.Set.Move(entry, queue, call.Aborted)
                ).ConfigureAwait(false)
            )
            {
                (count, _) = (count + 1, from.Add(Show.Queue(entry)));
            }
        }

        return ActionResult.Count(
            isNow ? $"run {kind.Path} on another queue" : $"move {kind.Path} to another queue",
            $"{Chosen(call)} from {(from.Count == 0 ? "no queue" : string.Join(", ", from))} to {queue}",
            count,
            isNow ? $"moved to queue {queue}" : $"will go to queue {queue}"
        );
    }

    static (string Action, string Scope) Split(string value)
    {
        var dash = value.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (value, "") : (value[..dash], value[(dash + 1)..]);
    }

    async Task<(long Count, string Target)> Group(string action, DashboardCall call)
    {
        var (which, target) = Group(call);
        return (await Those(action, which, call).ConfigureAwait(false), target);
    }

    static (Func<SidekiqEntry, bool> Which, string Target) Group(DashboardCall call)
    {
        var group = new SidekiqGroup(call.Given("class"), call.Given("error"), 0, null, null);
        return (group.Has, $"{group.Class ?? "no job"} with {group.ErrorClass ?? "no error"}");
    }

    Task<long> All(string action, DashboardCall call) =>
        action switch
        {
            "retry" => kind.Set.RetryAll(call.Aborted),
            "kill" => kind.Set.KillAll(call.Aborted),
            // One step, however many they are.
            "delete" => kind.Set.Clear(call.Aborted),
            _ => throw new InvalidOperationException($"Nobody can {action} jobs."),
        };

    Task<long> Those(string action, Func<SidekiqEntry, bool> which, DashboardCall call) =>
        action switch
        {
            "retry" => kind.Set.RetryAll(which, call.Aborted),
            "kill" => kind.Set.KillAll(which, call.Aborted),
            "delete" => kind.Set.DeleteAll(which, call.Aborted),
            _ => throw new InvalidOperationException($"Nobody can {action} jobs."),
        };

    async Task<long> Chosen(string action, DashboardCall call)
    {
        var count = 0L;
        foreach (var entry in await Entries(call).ConfigureAwait(false))
        {
            count += await One(action, entry, call).ConfigureAwait(false) ? 1 : 0;
        }

        return count;
    }

    // Those that are ticked and still there.
    async Task<IReadOnlyList<SidekiqEntry>> Entries(DashboardCall call)
    {
        var entries = new List<SidekiqEntry>();
        foreach (var key in call.Form["entry"].OfType<string>().Select(EntryKey.Parse).OfType<EntryKey>())
        {
            if (await key.Find(kind.Set, call.Aborted).ConfigureAwait(false) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    static string Chosen(DashboardCall call) => string.Join(' ', call.Form["entry"].Take(20));

    Task<bool> One(string action, SidekiqEntry entry, DashboardCall call) =>
        action switch
        {
            // An entry that is not a job stays, and does not stop the others.
            "retry" => entry.IsJob ? kind.Set.Retry(entry, call.Aborted) : Task.FromResult(false),
            "kill" => kind.Set.Kill(entry, call.Aborted),
            "delete" => kind.Set.Delete(entry, call.Aborted),
            _ => throw new InvalidOperationException($"Nobody can {action} jobs."),
        };
}
