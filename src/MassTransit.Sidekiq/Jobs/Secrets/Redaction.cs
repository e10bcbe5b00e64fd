namespace MassTransit.Sidekiq;

// Decides, for all that shows jobs, what is shown of their arguments: the secret properties of the messages that are known here are
// hidden, and all arguments of the jobs that the host's callback names.
internal sealed class Redaction(JobContracts contracts, Func<SidekiqJob, bool>? hides)
{
    // The job as it may be shown: the same one, if nothing of it is hidden.
    public SidekiqJob Of(SidekiqJob job)
    {
        if (HidesAll(job))
        {
            return RedactedArguments.None(job);
        }

        foreach (var contract in contracts.Secret)
        {
            // A send may have given the message another class.
            if (contract.IsOf(job) || job.Metadata?.MessageTypes.Any(contract.Is) == true)
            {
                job = Of(job, contract);
            }
        }

        return job;
    }

    // Whether anything is hidden of a message that is not a job yet, by its urn.
    public bool HidesMessage(string urn) => hides is not null || contracts.Secret.Any(contract => contract.Is(urn));

    // Half of a surrogate pair in a name, for instance: what cannot be read is hidden.
    static SidekiqJob Of(SidekiqJob job, JobContract contract)
    {
        try
        {
            return new RedactedArguments(contract).Of(job);
        }
        catch (InvalidOperationException)
        {
            return RedactedArguments.None(job);
        }
    }

    bool HidesAll(SidekiqJob job)
    {
        try
        {
            return hides?.Invoke(job) == true;
        }
        catch (Exception fault)
        {
            LogContext.Warning?.Log(
                fault,
                "Redact failed for job {JobId} ({Class}), whose arguments are hidden",
                job.Jid,
                job.Class
            );
            return true;
        }
    }
}
