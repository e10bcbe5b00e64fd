using System.Buffers;

namespace MassTransit.Sidekiq;

// The arguments of a job in the form that its contract names: one object, one by one, or ActiveJob's.
internal static class JobArguments
{
    // Writes the complete array, out of the message as its serializer wrote it, a JSON object. An ActiveJob is told besides which
    // id it has apart from its jid, and its queue.
    public static void WriteArgs(
        this JobContract contract,
        ReadOnlySpan<byte> body,
        IBufferWriter<byte> output,
        Guid? messageId = null,
        string? queue = null
    )
    {
        switch (contract.Args)
        {
            case SidekiqArgs.Positional:
                PositionalArguments.Write(contract, body, output);
                break;
            case SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional:
                ActiveJobArguments.Write(contract, body, output, messageId, queue);
                break;
            default:
                output.Write("["u8);
                output.Write(body);
                output.Write("]"u8);
                break;
        }
    }

    // The message as a JSON object: for a Hash, the very bytes of the one argument.
    public static ReadOnlyMemory<byte> ReadArgs(this JobContract contract, SidekiqJob job) =>
        Utf8Text.Repair(
            contract.Args switch
            {
                SidekiqArgs.Positional => PositionalArguments.Read(contract, job),
                SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional => ActiveJobArguments.Read(contract, job),
                _ => HashArguments.Read(contract, job),
            }
        );
}
