namespace MassTransit.Sidekiq;

// Why an action was not done; the API answers with the status of each.
internal enum ActionFault
{
    None,
    Invalid,
    Refused,
    Gone,
    Away,
}

// What an action came to, for the page, the API and the log.
internal sealed record ActionResult(string Action, string Target, string Text, bool IsFailure = false)
{
    public ActionFault Fault { get; init; }

    // How many jobs it was, where it counts them.
    public long? Jobs { get; init; }

    // An argument's fault in words, without the name of the parameter, which means nothing to a visitor.
    public static string Words(Exception fault) =>
        fault is ArgumentException { ParamName: { Length: > 0 } name }
            ? fault.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
            : fault.Message;

    public static ActionResult Failed(string reason, ActionFault fault = ActionFault.Invalid) =>
        new("", "", reason, IsFailure: true) { Fault = fault };

    public static ActionResult Count(string action, string target, long count, string done) =>
        new(action, target, $"{count} {(count == 1 ? "job" : "jobs")} {done}") { Jobs = count };

    public static ActionResult One(string action, string target, bool isDone, string done, string otherwise) =>
        new(action, target, isDone ? done : otherwise, IsFailure: !isDone)
        {
            Fault = isDone ? ActionFault.None : ActionFault.Gone,
        };
}
