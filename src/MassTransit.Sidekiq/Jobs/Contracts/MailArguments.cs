using System.Text.Json;

namespace MassTransit.Sidekiq;

// The arguments of ActionMailer's delivery job: mailer, method, how it is delivered, and as keywords the method's arguments and the
// mailer's parameters.
internal static class MailArguments
{
    public const string Class = "ActionMailer::MailDeliveryJob";

    public static void Write(JobContract contract, SidekiqMailAttribute mail, ReadOnlySpan<byte> body, JobText text)
    {
        text.Raw("["u8);
        text.String(mail.Mailer);
        text.Raw(","u8);
        text.String(mail.Action);
        text.Raw(",\"deliver_now\",{\"args\":"u8);
        if (contract.IsPositional)
        {
            ActiveJobArguments.WriteList(contract, body, text);
            text.Raw(",\"_aj_ruby2_keywords\":[\"args\"]}]"u8);
            return;
        }

        text.Raw("[],\"params\":"u8);
        ActiveJobArguments.WriteHash(contract, body, text, "_aj_symbol_keys"u8);
        text.Raw(",\"_aj_ruby2_keywords\":[\"args\",\"params\"]}]"u8);
    }

    // The method's arguments; or the mailer's parameters, as the one argument.
    public static List<JsonElement> Read(JobContract contract, SidekiqMailAttribute mail, List<JsonElement> arguments)
    {
        if (
            arguments is [var mailer, var action, _, { ValueKind: JsonValueKind.Object } keywords]
            && JobSlice.Text(mailer) == mail.Mailer
            && JobSlice.Text(action) == mail.Action
            && keywords.TryGetProperty(contract.IsPositional ? "args" : "params", out var values)
            && values.ValueKind == (contract.IsPositional ? JsonValueKind.Array : JsonValueKind.Object)
        )
        {
            return contract.IsPositional ? [.. values.EnumerateArray()] : [values];
        }

        throw new JobArgumentsException(
            $"Job class '{contract.Class}' does not deliver {mail.Mailer}.{mail.Action} with {(contract.IsPositional ? "arguments" : "parameters")}, as {contract.Message} does."
        );
    }
}
