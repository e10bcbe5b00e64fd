using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// The jobs that hold a message of one type, and the messages in them.
internal sealed class JobMessages<T>
    where T : class
{
    readonly JobContracts contracts;
    readonly JobContract contract;
    readonly JobClassMap classes = new();

    public JobMessages(JobContracts contracts)
    {
        (this.contracts, contract) = (contracts, contracts.For<T>());
        classes.Add(contract);
    }

    // By the types that its sender declared; a job without them, by its class.
    public bool IsIn(SidekiqTestJob job) =>
        job.Job.Metadata?.MessageTypes is [_, ..] named
            ? Array.Exists(named, contract.Is)
            : classes.TryGet(job.Job, out _);

    public T Read(SidekiqTestJob job)
    {
        if (JobEditor.Obstacle(job.Job) is { } obstacle)
        {
            throw new SidekiqTestException($"The message of job {job} cannot be read: {obstacle}");
        }

        // T may be a base of the message, whose own contract orders its arguments.
        var own = contracts.Of(job.Job).FirstOrDefault(known => typeof(T).IsAssignableFrom(known.MessageType));
        try
        {
            return (T)JobEditor.Message(job.Job, own ?? contract)!;
        }
        catch (JobArgumentsException misfit)
        {
            throw new SidekiqTestException($"The message of job {job} cannot be read: {misfit.Message}", misfit);
        }
    }
}
