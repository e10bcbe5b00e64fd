namespace MassTransit.Sidekiq;

// One argument: an object with the message's properties.
internal static class HashArguments
{
    public static ReadOnlyMemory<byte> Read(JobContract contract, SidekiqJob job)
    {
        if (job.ArgsCount == 1)
        {
            var argument = job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length);
            return argument.Span[0] == (contract.IsList ? '[' : '{')
                ? argument
                : throw new JobArgumentsException(
                    $"Job class '{contract.Class}' passes {JobMismatch.Kind(ArgumentFaults.Kind(argument.Span))} as args[0], "
                        + $"but {contract.Message} takes one {(contract.IsList ? "array" : $"object. {ArgumentFaults.MapPositional}")}"
                );
        }

        if (job.ArgsCount == 0 && contract.Parameters.Count == 0 && (job.HasArgumentList || job.Args.IsEmpty))
        {
            return "{}"u8.ToArray();
        }

        ArgumentFaults.RequireList(contract, job);
        throw new JobArgumentsException(
            $"Job class '{contract.Class}' passes {ArgumentFaults.Count(job.ArgsCount)}, but {contract.Message} takes one object "
                + $"({ArgumentFaults.Names(contract)}). {ArgumentFaults.MapPositional}"
        );
    }
}
