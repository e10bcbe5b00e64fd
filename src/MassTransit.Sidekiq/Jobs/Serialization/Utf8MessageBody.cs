using System.Runtime.InteropServices;
using System.Text;

namespace MassTransit.Sidekiq;

/// A message body as the bytes that stand in its job, without a copy of them.
internal sealed class Utf8MessageBody(ReadOnlyMemory<byte> json) : MessageBody
{
    byte[]? bytes;
    string? text;

    public ReadOnlyMemory<byte> Json { get; } = json;

    public long? Length => Json.Length;

    public Stream GetStream() => new MemoryStream(GetBytes(), writable: false);

    public byte[] GetBytes() =>
        bytes ??=
            MemoryMarshal.TryGetArray(Json, out var segment) && segment.Count == segment.Array!.Length
                ? segment.Array
                : Json.ToArray();

    public string GetString() => text ??= Encoding.UTF8.GetString(Json.Span);
}
