using System.Collections.Concurrent;
using System.Globalization;

namespace MassTransit.Sidekiq;

// Who is connected, for CLIENT LIST and CLIENT UNBLOCK.
internal sealed class ClientList
{
    readonly ConcurrentDictionary<long, ClientState> clients = [];

    public int Count => clients.Count;

    public void Add(ClientState client) => clients[client.Id] = client;

    public void Remove(ClientState client) => clients.TryRemove(client.Id, out _);

    // Whether the client was waiting.
    public bool Unblock(string id) =>
        long.TryParse(id, CultureInfo.InvariantCulture, out var number)
        && clients.TryGetValue(number, out var client)
        && client.Unblock();

    // `filter` is what follows CLIENT LIST: nothing, or ID and the ids of the clients that are asked for.
    public string Describe(IReadOnlyList<string> filter)
    {
        var asked =
            filter is [var kind, ..] && kind.Equals("ID", StringComparison.OrdinalIgnoreCase)
                ? filter.Skip(1).ToHashSet(StringComparer.Ordinal)
                : null;
        return string.Concat(
            clients
                .Values.Where(client => asked?.Contains(client.Id.ToString(CultureInfo.InvariantCulture)) ?? true)
                .OrderBy(client => client.Id)
                .Select(client => $"{client.Describe()}\n")
        );
    }
}
