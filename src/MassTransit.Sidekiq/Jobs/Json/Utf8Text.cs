using System.Text;
using System.Text.Unicode;

namespace MassTransit.Sidekiq;

internal static class Utf8Text
{
    // Ruby accepts strings whose bytes are not UTF-8, so such a job must not fail only here: invalid bytes become U+FFFD.
    // The job itself keeps its bytes.
    public static ReadOnlyMemory<byte> Repair(ReadOnlyMemory<byte> text) =>
        Utf8.IsValid(text.Span) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text.Span));
}
