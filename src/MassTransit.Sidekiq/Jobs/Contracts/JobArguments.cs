using System.Buffers;

namespace MassTransit.Sidekiq;

// The arguments of a job in the form that its contract specifies: one object, positional, or ActiveJob's.
internal static class JobArguments
{
    // Writes the complete array from the message's JSON object, as its serializer wrote it. An ActiveJob also gets its queue and
    // an id apart from its jid.
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

    // The message as a JSON object: for a Hash, the exact bytes of the one argument.
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
