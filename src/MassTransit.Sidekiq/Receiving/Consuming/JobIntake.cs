namespace MassTransit.Sidekiq;

// Prepares a claimed job for the receive pipe.
internal static class JobIntake
{
    // Null when the job has been settled here: unreadable or expired.
    public static async ValueTask<JobReceiveContext?> Read(
        SidekiqReceiveEndpointContext endpoint,
        ClaimedJob claimed,
        JobSettlement settlement,
        ClockSkew skew
    )
    {
        JobReceiveContext context;
        try
        {
            var job = SidekiqJob.Parse(claimed.Json, settlement.Queue);
            context = new JobReceiveContext(endpoint, job, settlement);
        }
        catch (Exception fault)
        {
            // Any exception: a job that cannot be read is buried, and the jobs behind it continue.
            await settlement.Unreadable(fault).ConfigureAwait(false);
            return null;
        }

        settlement.Begin(context);
        if (context.Job.ExpiresAt is not { } expires || !skew.IsPast(expires))
        {
            if (endpoint.Endpoint.Limits.IsEmpty)
            {
                await settlement.Start().ConfigureAwait(false);
            }

            return context;
        }

        LogContext.Debug?.Log(
            "Job {JobId} of queue {Queue} expired at {Expires}",
            context.Job.Jid,
            settlement.Queue,
            expires
        );
        await settlement.Expire().ConfigureAwait(false);
        return null;
    }
}
