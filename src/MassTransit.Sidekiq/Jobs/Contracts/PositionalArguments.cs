using System.Buffers;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// One argument for each property. Values are copied byte for byte, never parsed and rewritten.
internal static class PositionalArguments
{
    public static void Write(JobContract contract, ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        var parameters = contract.Parameters;
        var values = new JobSlice[parameters.Count];
        var reader = new Utf8JsonReader(body, JobReader.Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JobArgumentsException(
                $"{contract.Message} is not written as a JSON object, so it has no properties to pass to job class '{contract.Class}'. "
                    + "Map it with Args = Hash."
            );
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var index = IndexOf(contract, ref reader);
            reader.Read();
            var value = JobReader.Slice(ref reader);
            if (index >= 0)
            {
                values[index] = value;
            }
        }

        output.Write("["u8);
        for (var index = 0; index < values.Length; index++)
        {
            output.Write(index == 0 ? default : ","u8);
            output.Write(values[index].IsAbsent ? "null"u8 : body.Slice(values[index].Start, values[index].Length));
        }

        output.Write("]"u8);
    }

    public static ReadOnlyMemory<byte> Read(JobContract contract, SidekiqJob job)
    {
        ArgumentFaults.RequireList(contract, job);
        Check(contract, job.ArgsCount);
        if (job.ArgsCount == 0)
        {
            return "{}"u8.ToArray();
        }

        using var text = JobText.Rent();
        Append(contract, job.Args.Span, text);
        text.Raw("}"u8);
        return text.ToArray();
    }

    // Builds the object from the arguments by the sender's names, for a receiver without a contract of them.
    public static ReadOnlyMemory<byte> Read(string[] names, SidekiqJob job)
    {
        using var text = JobText.Rent();
        var list = job.Args.Span;
        var reader = new Utf8JsonReader(list, JobReader.Options);
        reader.Read();
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            var slice = JobReader.Slice(ref reader);
            text.Raw(index == 0 ? "{"u8 : ","u8);
            text.String(names[index]);
            text.Raw(":"u8);
            text.Raw(list.Slice(slice.Start, slice.Length));
        }

        text.Raw("}"u8);
        return text.ToArray();
    }

    // Writes the object with its properties, without the closing brace.
    public static void Append(JobContract contract, ReadOnlySpan<byte> list, JobText text)
    {
        text.Raw("{"u8);
        var reader = new Utf8JsonReader(list, JobReader.Options);
        reader.Read();
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            var parameter = contract.Parameters[index];
            var slice = JobReader.Slice(ref reader);
            var value = list.Slice(slice.Start, slice.Length);
            var kind = ArgumentFaults.Kind(value);
            if (!parameter.Takes(kind))
            {
                throw new JobArgumentsException(
                    $"Job class '{contract.Class}' passes {JobMismatch.Kind(kind)} as args[{index}] ({parameter.Name}), "
                        + $"but {contract.Message} takes {TypeName.Of(parameter.Type)} there. "
                        + $"Change the sender, or the type in {contract.Message}."
                );
            }

            text.Raw(index == 0 ? "\""u8 : ",\""u8);
            text.Raw(parameter.Key);
            text.Raw("\":"u8);
            text.Raw(value);
        }
    }

    public static void Check(JobContract contract, int count)
    {
        var parameters = contract.Parameters;
        if (count > parameters.Count)
        {
            throw new JobArgumentsException(
                $"Job class '{contract.Class}' passes {ArgumentFaults.Count(count)}, but {contract.Message} takes {parameters.Count} "
                    + $"({ArgumentFaults.Names(contract)}). Add the parameter to {contract.Message}, or map the class with Args = Hash."
            );
        }

        for (var index = parameters.Count - 1; index >= count; index--)
        {
            if (!parameters[index].IsOptional)
            {
                throw new JobArgumentsException(
                    $"Job class '{contract.Class}' passes {ArgumentFaults.Count(count)}, but {contract.Message} takes at least {index + 1} "
                        + $"({ArgumentFaults.Names(contract)}). Give '{parameters[index].Name}' a default value in {contract.Message}, or pass it."
                );
            }
        }
    }

    static int IndexOf(JobContract contract, ref Utf8JsonReader reader)
    {
        var parameters = contract.Parameters;
        for (var index = 0; index < parameters.Count; index++)
        {
            if (JobReader.IsProperty(ref reader, parameters[index].Name))
            {
                return index;
            }
        }

        return -1;
    }
}
