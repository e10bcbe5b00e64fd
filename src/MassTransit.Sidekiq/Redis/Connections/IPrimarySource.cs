using System.Net;

namespace MassTransit.Sidekiq;

// Who knows which server is the primary.
internal interface IPrimarySource : IAsyncDisposable
{
    // `connected` is the one in use, as long as its connections hold. Null when nobody can tell, which leaves things as
    // they are.
    Task<EndPoint?> Find(EndPoint? connected, CancellationToken cancellationToken);
}
