namespace MassTransit.Sidekiq;

// What an action came to, for the page and the log.
internal sealed record ActionResult(string Action, string Target, string Text, bool IsFailure = false)
{
    public static ActionResult Failed(Exception fault) => Failed(Words(fault));

    // An argument's fault in words, without the name of the parameter, which means nothing to a visitor.
    public static string Words(Exception fault) =>
        fault is ArgumentException { ParamName: { Length: > 0 } name }
            ? fault.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
            : fault.Message;

    public static ActionResult Failed(string reason) => new("", "", reason, IsFailure: true);

    public static ActionResult Count(string action, string target, long count, string done) =>
        new(action, target, $"{count} {(count == 1 ? "job" : "jobs")} {done}");

    public static ActionResult One(string action, string target, bool isDone, string done, string otherwise) =>
        new(action, target, isDone ? done : otherwise, IsFailure: !isDone);
}
