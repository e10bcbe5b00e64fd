namespace MassTransit.Sidekiq;

// Where a message can be sent: a Sidekiq queue, or a topic whose subscribers each get a copy.
// `sidekiq://host/orders`, `sidekiq://host/reply?temporary=true`, `sidekiq://host/Shop:OrderSubmitted?type=topic`,
// and the short forms `queue:orders` and `topic:Shop:OrderSubmitted`. `exchange:orders`, `sidekiq://host/orders?type=exchange`,
// is RabbitMQ's term for both: the topic of that name, or the queue if there is no such topic.
internal readonly record struct SidekiqEndpointAddress(
    SidekiqHostAddress Host,
    string Name,
    bool IsTopic,
    bool IsTemporary,
    bool IsExchange = false
)
{
    const string TypeKey = "type";
    const string TemporaryKey = "temporary";
    const string TopicType = "topic";
    const string ExchangeType = "exchange";

    public static SidekiqEndpointAddress Queue(Uri host, string name, bool isTemporary) =>
        new(SidekiqHostAddress.Parse(host), name, IsTopic: false, isTemporary);

    public static SidekiqEndpointAddress Topic(Uri host, string name) =>
        new(SidekiqHostAddress.Parse(host), name, IsTopic: true, IsTemporary: false);

    // Throws ArgumentException: the address has another scheme, or no name.
    public static SidekiqEndpointAddress Parse(Uri host, Uri address)
    {
        var (home, name, type) = address.Scheme switch
        {
            SidekiqHostAddress.Scheme => (
                SidekiqHostAddress.Parse(new Uri(address, ".")),
                LastSegment(address),
                TypeOf(address)
            ),
            "queue" => (SidekiqHostAddress.Parse(host), Unescape(address.AbsolutePath), ""),
            TopicType or ExchangeType => (
                SidekiqHostAddress.Parse(host),
                Unescape(address.AbsolutePath),
                address.Scheme
            ),
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

        // A temporary exchange is that of a response queue.
        var isTemporary = HasFlag(address, TemporaryKey, "true");
        var isExchange = type == ExchangeType && !isTemporary;
        return new SidekiqEndpointAddress(home, name, type == TopicType || isExchange, isTemporary, isExchange);
    }

    public Uri ToUri() => new(ToString());

    public override string ToString()
    {
        var query = (IsExchange, IsTopic, IsTemporary) switch
        {
            (true, _, _) => $"?{TypeKey}={ExchangeType}",
            (_, true, _) => $"?{TypeKey}={TopicType}",
            (_, _, true) => $"?{TemporaryKey}=true",
            _ => "",
        };

        return $"{Host}{Uri.EscapeDataString(Name).Replace("%3A", ":", StringComparison.Ordinal)}{query}";
    }

    static string TypeOf(Uri address) =>
        HasFlag(address, TypeKey, TopicType) ? TopicType
        : HasFlag(address, TypeKey, ExchangeType) ? ExchangeType
        : "";

    static bool HasFlag(Uri address, string key, string value) =>
        address.Query.TrimStart('?').Split('&').Contains($"{key}={value}", StringComparer.OrdinalIgnoreCase);

    // Empty for an address that ends with a slash, which is a host's.
    static string LastSegment(Uri address) =>
        Unescape(address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..]);

    static string Unescape(string text) => Uri.UnescapeDataString(text);
}
