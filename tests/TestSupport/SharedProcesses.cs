namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Ends what the tests of an assembly share, once all have run. Each test assembly has it by tests/Directory.Build.props.</summary>
public sealed class SharedProcesses : IAsyncDisposable
{
    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await SharedRedis.Stop();
        await SharedPostgres.Stop();
        await MariaDbServer.Stop();
        await Ruby.Stop();
    }
}
