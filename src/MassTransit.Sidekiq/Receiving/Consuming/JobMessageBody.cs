using System.Text;

namespace MassTransit.Sidekiq;

/// The arguments of a job as the message that its contract makes of them, made when first read: a job that does not fit
/// fails inside the receive pipe, where failures are dealt with.
internal sealed class JobMessageBody(
    SidekiqJob job,
    JobContract? contract,
    SidekiqReceiveEndpointConfiguration endpoint
) : MessageBody
{
    ReadOnlyMemory<byte>? message;

    /// Null when no consumer here takes the class.
    public JobContract? Contract => contract;

    /// Why the job could not be read, when it could not.
    public Exception? Fault { get; private set; }

    public long? Length => job.Args.Length;

    /// The message as one JSON object.
    /// <exception cref="UnknownJobClassException">No consumer of the endpoint takes this class.</exception>
    /// <exception cref="JobArgumentsException">The arguments do not fit the message.</exception>
    public ReadOnlyMemory<byte> Message => message ??= Read();

    public Stream GetStream() => new MemoryStream(GetBytes(), writable: false);

    public byte[] GetBytes() => Message.ToArray();

    public string GetString() => Encoding.UTF8.GetString(Message.Span);

    ReadOnlyMemory<byte> Read()
    {
        try
        {
            return JobEnvelope.Message(job, contract, endpoint);
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
