namespace MassTransit.Sidekiq;

// What is logged and counted of a job that did not end well.
internal static class JobReport
{
    // Its stack, unless the log has it; a failure that nobody has called an error is one when it is the last.
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
            // A logger of the user's own failed; there is nobody to tell, and the job has still to be settled.
        }
    }

    public static void Unreadable(string queue, Exception fault)
    {
        SidekiqMeter.CountUnreadable(fault, null, queue);
        LogContext.Warning?.Log(
            fault is InvalidJobException ? null! : fault,
            "Buried a job of queue {Queue} that nobody can read: {Reason}",
            queue,
            fault.Message
        );
    }
}
