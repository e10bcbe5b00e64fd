namespace MassTransit.Sidekiq;

// Jobs that failed because the process that took them does not know their class. A process does not publish the classes it knows, so
// only a failed job tells.
internal sealed class UnknownClassCheck() : DoctorCheck("unknown classes")
{
    const int Most = 10_000;

    public override async Task<Finding> Run(Examination examination)
    {
        var retries = await examination.Inspector.RetrySet.Groups(Most, examination.Token);
        var dead = await examination.Inspector.DeadSet.Groups(Most, examination.Token);
        var unknown = retries
            .Groups.Concat(dead.Groups)
            .Where(IsUnknown)
            .GroupBy(group => group.Class, StringComparer.Ordinal)
            .Select(groups => $"{groups.Key} ({Words.Count(groups.Sum(group => group.Count), "job")})")
            .ToList();

        return unknown.Count > 0
            ? Error(
                $"Failed since the process that took them does not know their class: {Words.List(unknown)}.",
                "Deploy the consumer or the Ruby class, or give the message type the old name with Aliases; then dotnet sidekiq retry --class <class>. A queue that both languages read needs one owner."
            )
            : Ok($"None among {Words.Number(retries.Seen + dead.Seen)} failed jobs.");
    }

    // The transport's own exception; Ruby's, of which the message tells.
    static bool IsUnknown(SidekiqGroup group) =>
        group.ErrorClass?.EndsWith(nameof(UnknownJobClassException), StringComparison.Ordinal) == true
        || (
            group is { ErrorClass: "NameError", ErrorMessage: { } message }
            && message.Contains("uninitialized constant", StringComparison.Ordinal)
        );
}
