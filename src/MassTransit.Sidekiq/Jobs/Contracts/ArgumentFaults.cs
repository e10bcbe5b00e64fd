using System.Text.Json;

namespace MassTransit.Sidekiq;

// What the errors about arguments have in common.
internal static class ArgumentFaults
{
    public const string MapPositional = "Pass one object, or map the class with Args = Positional.";

    public static void RequireList(JobContract contract, SidekiqJob job)
    {
        if (!job.HasArgumentList && !job.Args.IsEmpty)
        {
            throw new JobArgumentsException(
                $"Job class '{contract.Class}' has {JobMismatch.Kind(Kind(job.Args.Span))} as its args, but {contract.Message} needs an array. "
                    + "Push the job with an array of arguments."
            );
        }
    }

    public static string Count(int count) => count == 1 ? "1 argument" : $"{count} arguments";

    public static string Names(JobContract contract) =>
        string.Join(
            ", ",
            contract.Parameters.Select(parameter => parameter.IsOptional ? $"[{parameter.Name}]" : parameter.Name)
        );

    public static JsonValueKind Kind(ReadOnlySpan<byte> token) =>
        token[0] switch
        {
            (byte)'{' => JsonValueKind.Object,
            (byte)'[' => JsonValueKind.Array,
            (byte)'"' => JsonValueKind.String,
            (byte)'t' => JsonValueKind.True,
            (byte)'f' => JsonValueKind.False,
            (byte)'n' => JsonValueKind.Null,
            _ => JsonValueKind.Number,
        };
}
