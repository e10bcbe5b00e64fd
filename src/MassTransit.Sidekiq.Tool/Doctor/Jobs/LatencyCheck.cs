namespace MassTransit.Sidekiq;

internal sealed class LatencyCheck() : DoctorCheck("latency")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var most = examination.Options.MaxLatency;
        var queues = (await examination.Overview()).Queues.Where(queue => queue.Size > 0).ToList();
        var late = queues.Where(queue => queue.Latency > most).OrderByDescending(queue => queue.Latency).ToList();
        if (late.Count > 0)
        {
            return Warning(
                $"The next job has waited for longer than {Words.Span(most)}: {Words.List([.. late.Select(queue => $"{queue.Name} ({Words.Span(queue.Latency)})")])}.",
                "Add processes or raise ConcurrentMessageLimit; a job that hangs shows as the longest of the Busy page."
            );
        }

        return Ok(
            queues.Count == 0
                ? "No job waits in a queue."
                : $"The next job of each queue has waited for {Words.Span(queues.Max(queue => queue.Latency))} at most."
        );
    }
}
