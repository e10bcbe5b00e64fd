namespace MassTransit.Sidekiq;

/// Where a message can be sent: a Sidekiq queue, or a topic whose subscribers each get a copy.
/// `sidekiq://host/orders`, `sidekiq://host/reply?temporary=true`, `sidekiq://host/Shop:OrderSubmitted?type=topic`,
/// and the short forms `queue:orders` and `topic:Shop:OrderSubmitted`.
internal readonly record struct SidekiqEndpointAddress(
    SidekiqHostAddress Host,
    string Name,
    bool IsTopic,
    bool IsTemporary
)
{
    const string TypeKey = "type";
    const string TemporaryKey = "temporary";
    const string TopicType = "topic";

    public static SidekiqEndpointAddress Queue(Uri host, string name, bool isTemporary) =>
        new(SidekiqHostAddress.Parse(host), name, IsTopic: false, isTemporary);

    public static SidekiqEndpointAddress Topic(Uri host, string name) =>
        new(SidekiqHostAddress.Parse(host), name, IsTopic: true, IsTemporary: false);

    /// <exception cref="ArgumentException">The address has another scheme, or no name.</exception>
    public static SidekiqEndpointAddress Parse(Uri host, Uri address)
    {
        var (home, name, isTopic) = address.Scheme switch
        {
            SidekiqHostAddress.Scheme => (
                SidekiqHostAddress.Parse(new Uri(address, ".")),
                LastSegment(address),
                HasTopicType(address)
            ),
            "queue" => (SidekiqHostAddress.Parse(host), Unescape(address.AbsolutePath), false),
            "topic" or "exchange" => (SidekiqHostAddress.Parse(host), Unescape(address.AbsolutePath), true),
            _ => throw new ArgumentException(
                $"Address '{address}' has the scheme '{address.Scheme}'. This bus sends to sidekiq://host/name, queue:name and topic:name.",
                nameof(address)
            ),
        };

        if (string.IsNullOrEmpty(name))
        {
            throw new ArgumentException(
                $"Address '{address}' names no queue or topic. Write it as queue:name or topic:name.",
                nameof(address)
            );
        }

        return new SidekiqEndpointAddress(home, name, isTopic, HasFlag(address, TemporaryKey, "true"));
    }

    public Uri ToUri() => new(ToString());

    public override string ToString()
    {
        var query = (IsTopic, IsTemporary) switch
        {
            (true, _) => $"?{TypeKey}={TopicType}",
            (_, true) => $"?{TemporaryKey}=true",
            _ => "",
        };

        return $"{Host}{Uri.EscapeDataString(Name).Replace("%3A", ":", StringComparison.Ordinal)}{query}";
    }

    static bool HasTopicType(Uri address) => HasFlag(address, TypeKey, TopicType);

    static bool HasFlag(Uri address, string key, string value) =>
        address.Query.TrimStart('?').Split('&').Contains($"{key}={value}", StringComparer.OrdinalIgnoreCase);

    /// Nothing for an address that ends with a slash, which is a host's.
    static string LastSegment(Uri address) =>
        Unescape(address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..]);

    static string Unescape(string text) => Uri.UnescapeDataString(text);
}
