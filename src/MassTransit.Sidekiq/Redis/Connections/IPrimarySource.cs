using System.Net;

namespace MassTransit.Sidekiq;

// Finds the server that is the primary.
internal interface IPrimarySource : IAsyncDisposable
{
    // `connected` is the one in use, as long as its connections hold. Null when the primary is unknown, which changes
    // nothing.
    Task<EndPoint?> Find(EndPoint? connected, CancellationToken cancellationToken);
}
