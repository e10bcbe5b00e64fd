namespace MassTransit.Sidekiq;

// What a check of the doctor comes to.
internal enum Verdict
{
    Ok,
    Warning,
    Error,
}

// A check's verdict, the fact behind it, and the way out where there is something to do.
internal sealed record Finding(string Check, Verdict Verdict, string Fact, string? WayOut)
{
    public static Finding Ok(string check, string fact) => new(check, Verdict.Ok, fact, null);

    public static Finding Warning(string check, string fact, string wayOut) =>
        new(check, Verdict.Warning, fact, wayOut);

    public static Finding Error(string check, string fact, string wayOut) => new(check, Verdict.Error, fact, wayOut);
}
