using System.Text;

namespace MassTransit.Sidekiq;

// A message body of JSON in UTF-8, stored in a job and read by a serializer without a copy.
internal abstract class JsonMessageBody : MessageBody
{
    public abstract ReadOnlyMemory<byte> Json { get; }

    public abstract long? Length { get; }

    public Stream GetStream() => new MemoryStream(GetBytes(), writable: false);

    public abstract byte[] GetBytes();

    public virtual string GetString() => Encoding.UTF8.GetString(Json.Span);
}
