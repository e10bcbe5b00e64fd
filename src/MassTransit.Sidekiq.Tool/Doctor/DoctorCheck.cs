namespace MassTransit.Sidekiq;

// One thing that the doctor looks at. It reads, and changes nothing.
internal abstract class DoctorCheck(string name)
{
    public string Name => name;

    public abstract Task<Finding> Run(Examination examination);

    protected Finding Ok(string fact) => Finding.Ok(name, fact);

    protected Finding Warning(string fact, string wayOut) => Finding.Warning(name, fact, wayOut);

    protected Finding Error(string fact, string wayOut) => Finding.Error(name, fact, wayOut);

    // Where the server does not tell: hosted ones often forbid the command.
    protected Finding Untold(string what, string command) =>
        Warning(
            $"Redis does not let this user ask for {what} ({command}).",
            $"Run the doctor as a user with +{command.Split(' ')[0].ToLowerInvariant()}, or look at the settings of the server."
        );
}
