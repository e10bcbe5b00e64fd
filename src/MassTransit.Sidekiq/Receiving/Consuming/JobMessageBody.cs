using System.Text.Json;

namespace MassTransit.Sidekiq;

// The arguments of a job, converted to the message of its contract when first read: a job that does not match its contract
// fails inside the receive pipe, where failures are handled.
internal sealed class JobMessageBody(SidekiqJob job, JobContract? contract, EndpointSettings endpoint) : JsonMessageBody
{
    ReadOnlyMemory<byte>? message;

    // Null when no consumer here takes the class.
    public JobContract? Contract => contract;

    // Why the job could not be read, when it could not.
    public Exception? Fault { get; private set; }

    public override long? Length => job.Args.Length;

    // The message as one JSON object.
    // Throws UnknownJobClassException: no consumer of the endpoint takes this class.
    // Throws JobArgumentsException: the arguments do not match the message.
    public override ReadOnlyMemory<byte> Json => message ??= Read();

    public override byte[] GetBytes() => Json.ToArray();

    bool IsOfEnterprise() => job.TryGet("encrypt", out var flag) && flag.ValueKind == JsonValueKind.True;

    ReadOnlyMemory<byte> Read()
    {
        try
        {
            return JobToMessage.Read(job, contract, endpoint);
        }
        catch (JobArgumentsException fault) when (IsOfEnterprise())
        {
            throw Fault = new JobEncryptionException(
                $"The last argument of job class '{job.Wrapped ?? job.Class}' is encrypted by Sidekiq Enterprise, whose format is not documented. "
                    + "Push the job without `encrypt: true`, or send it from .NET.",
                fault
            );
        }
        catch (Exception fault)
        {
            Fault = fault is JobArgumentsException or UnknownJobClassException
                ? fault
                : new JobArgumentsException(
                    $"The arguments of job class '{job.Wrapped ?? job.Class}' cannot be read: {fault.Message}",
                    fault
                );
            throw Fault;
        }
    }
}
