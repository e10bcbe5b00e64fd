namespace MassTransit.Sidekiq;

/// One argument, an object with the properties of the message.
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
                    $"Job class '{contract.Class}' passes {JobMismatch.Kind(JobArguments.Kind(argument.Span))} as args[0], "
                        + $"but {contract.Message} takes one {(contract.IsList ? "list" : $"object. {JobArguments.MapPositional}")}"
                );
        }

        if (job.ArgsCount == 0 && contract.Parameters.Count == 0 && (job.HasArgumentList || job.Args.IsEmpty))
        {
            return "{}"u8.ToArray();
        }

        JobArguments.RequireList(contract, job);
        throw new JobArgumentsException(
            $"Job class '{contract.Class}' passes {JobArguments.Count(job.ArgsCount)}, but {contract.Message} takes one object "
                + $"({JobArguments.Names(contract)}). {JobArguments.MapPositional}"
        );
    }
}

/// What the errors about arguments have in common.
internal static class JobArguments
{
    public const string MapPositional = "Pass one object, or map the class with Args = Positional.";

    public static void RequireList(JobContract contract, SidekiqJob job)
    {
        if (!job.HasArgumentList && !job.Args.IsEmpty)
        {
            throw new JobArgumentsException(
                $"Job class '{contract.Class}' has {JobMismatch.Kind(Kind(job.Args.Span))} as its args, but {contract.Message} needs a list. "
                    + "Push the job with a list of arguments."
            );
        }
    }

    public static string Count(int count) => count == 1 ? "1 argument" : $"{count} arguments";

    public static string Names(JobContract contract) =>
        string.Join(
            ", ",
            contract.Parameters.Select(parameter => parameter.IsOptional ? $"[{parameter.Name}]" : parameter.Name)
        );

    public static System.Text.Json.JsonValueKind Kind(ReadOnlySpan<byte> token) =>
        token[0] switch
        {
            (byte)'{' => System.Text.Json.JsonValueKind.Object,
            (byte)'[' => System.Text.Json.JsonValueKind.Array,
            (byte)'"' => System.Text.Json.JsonValueKind.String,
            (byte)'t' => System.Text.Json.JsonValueKind.True,
            (byte)'f' => System.Text.Json.JsonValueKind.False,
            (byte)'n' => System.Text.Json.JsonValueKind.Null,
            _ => System.Text.Json.JsonValueKind.Number,
        };
}
