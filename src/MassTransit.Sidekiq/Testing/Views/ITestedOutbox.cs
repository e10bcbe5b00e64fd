using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// A transactional outbox as a test harness sees it; the package of the outbox implements it.
internal interface ITestedOutbox
{
    Task<IReadOnlyList<SidekiqTestJob>> Staged();

    // Throws SidekiqTestException: something is left.
    Task Drain();
}
