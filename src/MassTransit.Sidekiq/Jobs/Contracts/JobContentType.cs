using System.Net.Mime;

namespace MassTransit.Sidekiq;

// How a message body was written; its serializer is chosen by this.
internal static class JobContentType
{
    static readonly ContentType[] own =
    [
        new("application/json"),
        new("application/vnd.sidekiq.snake+json"),
        new("application/vnd.sidekiq.declared+json"),
    ];

    public static ContentType Of(SidekiqNaming naming) => own[(int)naming];

    public static SidekiqNaming NamingOf(ContentType contentType) => (SidekiqNaming)Math.Max(0, IndexOf(contentType));

    public static bool IsDefault(ContentType contentType) =>
        string.Equals(contentType.MediaType, own[0].MediaType, StringComparison.OrdinalIgnoreCase);

    // Whether a body is the bare message (ours, or MassTransit's raw JSON) and so can take the shape that its contract
    // specifies.
    public static bool IsBare(ContentType contentType) => IndexOf(contentType) >= 0;

    public static bool IsJson(ContentType contentType) =>
        contentType.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase);

    static int IndexOf(ContentType contentType)
    {
        for (var index = 0; index < own.Length; index++)
        {
            if (ReferenceEquals(own[index], contentType))
            {
                return index;
            }
        }

        return Array.FindIndex(
            own,
            type => string.Equals(type.MediaType, contentType.MediaType, StringComparison.OrdinalIgnoreCase)
        );
    }
}
