using System.Net.Mime;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The arguments of a job without the secret properties of its message. What does not have the form of the message is hidden as a whole,
// since nothing tells what is secret in it. An argument that is encrypted shows nothing, and stays.
internal sealed class RedactedArguments(JobContract contract)
{
    bool hasHidden;

    // With all of them hidden.
    public static SidekiqJob None(SidekiqJob job) => With(job, "[\"[hidden]\"]"u8);

    // The same job, if nothing of it is hidden.
    public SidekiqJob Of(SidekiqJob job)
    {
        using var text = JobText.Rent();
        Write(text, job);
        return hasHidden ? With(job, text.Written) : job;
    }

    static SidekiqJob With(SidekiqJob job, ReadOnlySpan<byte> args) =>
        SidekiqJob.Parse(JobJson.Edit(job.Json, new JobEdit().SetRaw("args", args)), job.Queue);

    void Write(JobText text, SidekiqJob job)
    {
        var args = Parse(job.Args);
        if (args.ValueKind != JsonValueKind.Array || contract.Shape.IsSecret)
        {
            text.Raw("["u8);
            Hide(text);
            text.Raw("]"u8);
            return;
        }

        var isLastSealed = job.Metadata is { IsEncrypted: true };
        var isBare = IsBare(job.Metadata?.ContentType);
        var items = args.EnumerateArray().ToList();
        text.Raw("["u8);
        for (var index = 0; index < items.Count; index++)
        {
            text.Raw(index == 0 ? default : ","u8);
            if (isLastSealed && index == items.Count - 1)
            {
                Raw(text, items[index]);
            }
            else if (!isBare)
            {
                Hide(text);
            }
            else
            {
                Argument(text, items[index], index);
            }
        }

        text.Raw("]"u8);
    }

    void Argument(JobText text, JsonElement value, int index)
    {
        if (contract.Args == SidekiqArgs.Positional)
        {
            Value(text, value, contract.ShapeOf(index));
        }
        else if (
            value.ValueKind != JsonValueKind.Object
            && !(contract.IsList && value.ValueKind == JsonValueKind.Array)
        )
        {
            // Not the form that its class is mapped to, so nothing tells what is secret in it.
            Hide(text);
        }
        else if (contract.IsActiveJob)
        {
            Members(text, value, (text, name, inner) => Inner(text, name, inner));
        }
        else
        {
            Value(text, value, contract.Shape);
        }
    }

    // A member of ActiveJob's wrapper.
    void Inner(JobText text, string name, JsonElement value)
    {
        if (name != "arguments")
        {
            Raw(text, value);
        }
        else if (value.ValueKind != JsonValueKind.Array)
        {
            Hide(text);
        }
        else
        {
            Arguments(text, [.. value.EnumerateArray()]);
        }
    }

    // Of an ActiveJob: by position, and the keywords at the end. Those of a mail stand below its keywords.
    void Arguments(JobText text, List<JsonElement> items)
    {
        text.Raw("["u8);
        for (var index = 0; index < items.Count; index++)
        {
            text.Raw(index == 0 ? default : ","u8);
            var isLast = index == items.Count - 1;
            if (contract.Mail is not null && !isLast)
            {
                Raw(text, items[index]);
            }
            else if (contract.Mail is not null && items[index].ValueKind == JsonValueKind.Object)
            {
                Members(text, items[index], (text, name, inner) => Mail(text, name, inner));
            }
            else
            {
                Value(
                    text,
                    items[index],
                    isLast && ActiveJobArguments.IsKeywords(items[index]) ? contract.Shape : contract.ShapeOf(index)
                );
            }
        }

        text.Raw("]"u8);
    }

    // A keyword of the delivery job.
    void Mail(JobText text, string name, JsonElement value)
    {
        if (name == "args" && contract.IsPositional && value.ValueKind == JsonValueKind.Array)
        {
            var items = value.EnumerateArray().ToList();
            text.Raw("["u8);
            for (var index = 0; index < items.Count; index++)
            {
                text.Raw(index == 0 ? default : ","u8);
                Value(text, items[index], contract.ShapeOf(index));
            }

            text.Raw("]"u8);
        }
        else if (name == "params" && !contract.IsPositional)
        {
            Value(text, value, contract.Shape);
        }
        else if (
            name.StartsWith(RailsValues.Mark, StringComparison.Ordinal)
            || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0)
        )
        {
            Raw(text, value);
        }
        else
        {
            Hide(text);
        }
    }

    void Value(JobText text, JsonElement value, ValueShape shape)
    {
        if (shape.IsSecret && value.ValueKind != JsonValueKind.Null)
        {
            Hide(text);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            Members(text, value, (text, name, inner) => Value(text, inner, shape.Member(name)));
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            text.Raw("["u8);
            var isFirst = true;
            foreach (var item in value.EnumerateArray())
            {
                text.Raw(isFirst ? default : ","u8);
                Value(text, item, shape.Item);
                isFirst = false;
            }

            text.Raw("]"u8);
        }
        else
        {
            Raw(text, value);
        }
    }

    static void Members(JobText text, JsonElement value, Action<JobText, string, JsonElement> write)
    {
        text.Raw("{"u8);
        var isFirst = true;
        foreach (var member in value.EnumerateObject())
        {
            text.Raw(isFirst ? default : ","u8);
            text.String(member.Name);
            text.Raw(":"u8);
            write(text, member.Name, member.Value);
            isFirst = false;
        }

        text.Raw("}"u8);
    }

    static bool IsBare(string? contentType)
    {
        try
        {
            return contentType is null || JobContentType.IsBare(new ContentType(contentType));
        }
        catch (FormatException)
        {
            // Of another program, which writes it otherwise.
            return false;
        }
    }

    static JsonElement Parse(ReadOnlyMemory<byte> args)
    {
        if (args.IsEmpty)
        {
            return default;
        }

        var reader = new Utf8JsonReader(args.Span, JobReader.Options);
        return JsonElement.ParseValue(ref reader);
    }

    void Hide(JobText text)
    {
        hasHidden = true;
        text.Raw("\"[hidden]\""u8);
    }

    static void Raw(JobText text, JsonElement value) => text.Raw(JsonMarshal.GetRawUtf8Value(value));
}
