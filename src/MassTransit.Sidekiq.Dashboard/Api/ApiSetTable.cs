namespace MassTransit.Sidekiq;

// The operations of the API on the retry, scheduled and dead sets.
internal static class ApiSetTable
{
    const SidekiqDashboardAccess Act = SidekiqDashboardAccess.Act;
    const SidekiqDashboardAccess Admin = SidekiqDashboardAccess.Admin;

    public static IEnumerable<ApiRoute> Of(JobSetKind kind)
    {
        var (page, reader, actions) = ($"/{kind.Path}", new SetReader(kind), new SetActions(kind));
        yield return ApiRoute.Read<SetModel, SetView>(
            page,
            $"A page of the {kind.Name}, and on the first its groups by class and error.",
            reader.All,
            SetView.Of
        ) with
        {
            Query = [new("after", "The value of next in the page before.") { IsKey = true }],
        };
        yield return ApiRoute.Read<JobModel, JobDetailsView>(
            page + "/{key}",
            $"A job of the {kind.Name}.",
            reader.One,
            JobDetailsView.Of
        );
        foreach (var (action, what) in Moves(kind))
        {
            var onAll = action == "retry" ? Act : Admin;
            yield return ApiRoute.Act<ChosenBody>(page, action, $"{what} the jobs of these keys.", Act, actions.Run);
            yield return ApiRoute.Act<GroupBody>(page, $"{action}-group", $"{what} a group.", Act, actions.Run);
            yield return ApiRoute.Act<EmptyBody>(
                page,
                $"{action}-all",
                $"{what} all jobs of the {kind.Name}.",
                onAll,
                actions.Run
            );
        }

        foreach (var change in Changes(kind))
        {
            yield return change;
        }
    }

    // Of where jobs go, when, and with which arguments.
    static IEnumerable<ApiRoute> Changes(JobSetKind kind)
    {
        const string now = "on another queue now.";
        const string later = "go to another queue when they leave the set.";
        var page = $"/{kind.Path}";
        var run = new SetActions(kind).Run;
        yield return ApiRoute.Act<ChosenQueueBody>(page, "send", $"Runs the jobs of these keys {now}", Act, run);
        yield return ApiRoute.Act<GroupQueueBody>(page, "send-group", $"Runs a group {now}", Act, run);
        yield return ApiRoute.Act<OtherQueueBody>(page, "send-all", $"Runs all jobs {now}", Admin, run);
        yield return ApiRoute.Act<ChosenQueueBody>(page, "move", $"Lets the jobs of these keys {later}", Act, run);
        yield return ApiRoute.Act<GroupQueueBody>(page, "move-group", $"Lets the jobs of a group {later}", Act, run);
        yield return ApiRoute.Act<OtherQueueBody>(page, "move-all", $"Lets all jobs {later}", Admin, run);
        yield return ApiRoute.Act<ArgsBody>(
            page + "/{key}",
            "edit",
            "Retries a job with other arguments, a JSON array, which are checked as on its page.",
            Act,
            new JobActions(kind).Run
        );
        if (kind.CanKill)
        {
            const string time = "to another time.";
            yield return ApiRoute.Act<RescheduleBody>(page, "reschedule", $"Moves a job {time}", Act, run);
            yield return ApiRoute.Act<GroupTimeBody>(page, "reschedule-group", $"Moves a group {time}", Act, run);
            yield return ApiRoute.Act<TimeBody>(page, "reschedule-all", $"Moves all jobs {time}", Admin, run);
        }
    }

    static IEnumerable<(string Action, string What)> Moves(JobSetKind kind)
    {
        yield return ("retry", "Moves to their queues");
        yield return ("delete", "Removes");
        if (kind.CanKill)
        {
            yield return ("kill", "Moves to the dead set");
        }
    }
}
