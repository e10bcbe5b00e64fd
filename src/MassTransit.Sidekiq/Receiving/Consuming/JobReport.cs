namespace MassTransit.Sidekiq;

// Logs and counts a job that failed.
internal static class JobReport
{
    // With the stack trace, unless it is already logged. The last failure is an error, unless it was already logged as one.
    public static void Failed(JobReceiveContext context, Exception exception, string end, bool isLast = true)
    {
        var job = context.Job;
        SidekiqMeter.CountUnreadable(exception, job.Wrapped ?? job.Class, job.Queue);
        var isNews = context.IsNews(exception);
        var level = isNews && isLast ? LogContext.Error : LogContext.Warning;
        try
        {
            level?.Log(
                isNews ? ReadableException.For(exception) : null!,
                "Job {JobId} ({Class}) of queue {Queue} {End}",
                job.Jid,
                job.Class,
                job.Queue,
                end
            );
        }
        catch (Exception)
        {
            // A logger of the user failed, so nothing can be logged, and the job still has to be settled.
        }
    }

    public static void Cancelled(JobReceiveContext context) =>
        LogContext.Info?.Log(
            "Job {JobId} ({Class}) of queue {Queue} was cancelled after {Seconds:0.0} s",
            context.Job.Jid,
            context.Job.Class,
            context.Job.Queue,
            context.ElapsedTime.TotalSeconds
        );

    public static void Interrupted(JobReceiveContext context, long executions) =>
        LogContext.Info?.Log(
            "Job {JobId} ({Class}) of queue {Queue} was interrupted after {Seconds:0.0} s of run {Run}, and goes on where it was",
            context.Job.Jid,
            context.Job.Class,
            context.Job.Queue,
            context.ElapsedTime.TotalSeconds,
            executions
        );

    public static void Unreadable(string queue, Exception fault)
    {
        SidekiqMeter.CountUnreadable(fault, null, queue);
        LogContext.Warning?.Log(
            fault is InvalidJobException ? null! : fault,
            "Buried a job of queue {Queue} that cannot be read: {Reason}",
            queue,
            fault.Message
        );
    }
}
