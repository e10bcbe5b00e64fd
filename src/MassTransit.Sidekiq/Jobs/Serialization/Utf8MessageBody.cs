using System.Runtime.InteropServices;

namespace MassTransit.Sidekiq;

// A message body as the bytes that are stored in its job.
internal sealed class Utf8MessageBody(ReadOnlyMemory<byte> json) : JsonMessageBody
{
    byte[]? bytes;
    string? text;

    public override ReadOnlyMemory<byte> Json { get; } = json;

    public override long? Length => Json.Length;

    public override byte[] GetBytes() =>
        bytes ??=
            MemoryMarshal.TryGetArray(Json, out var segment) && segment.Count == segment.Array!.Length
                ? segment.Array
                : Json.ToArray();

    public override string GetString() => text ??= base.GetString();
}
