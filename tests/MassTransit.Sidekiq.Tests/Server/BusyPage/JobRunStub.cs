using System.Text;

namespace MassTransit.Sidekiq.Tests.Server;

// A job in the hands of a worker that does nothing with it.
sealed class JobRunStub(string json) : IJobRun
{
    public SidekiqJob Job { get; } = SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");

    public bool IsCancelled { get; private set; }

    public void Cancel() => IsCancelled = true;
}
