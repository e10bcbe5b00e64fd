using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// One outbox under a test harness. Its relay drains it only when the test asks for that.
internal sealed class TestedOutbox<TDbContext>(
    IServiceScopeFactory scopes,
    OutboxSettings<TDbContext> settings,
    IOutboxInspector<TDbContext> inspector,
    OutboxSignal<TDbContext> signal,
    OutboxBus<TDbContext> bus,
    TimeProvider clock
) : ITestedOutbox
    where TDbContext : DbContext
{
    const int MostFaults = 10;

    readonly OutboxQueries<TDbContext> queries = new(scopes, settings);

    public async Task<IReadOnlyList<SidekiqTestJob>> Staged()
    {
        var rows = await queries
            .Run(
                context =>
                    OutboxGlance
                        .Pending(context)
                        .AsNoTracking()
                        .OrderBy(message => message.SequenceNumber)
                        .ToListAsync(),
                CancellationToken.None
            )
            .ConfigureAwait(false);
        var (runtime, now) = (bus.Runtime, clock.GetUtcNow());
        var contracts = new StagedContracts(runtime.Contracts);

        return
        [
            .. rows.Where(row => StagedMessage.CancelledToken(row) is null)
                .Select(row =>
                {
                    var (job, _) = StagedJob.Of(row, runtime, contracts, ledger: null, now);
                    var destination = SidekiqEndpointAddress.Parse(runtime.Address, row.DestinationAddress!).Name;
                    return new SidekiqTestJob(
                        SidekiqJob.Parse(job.ToJob(destination), destination),
                        destination,
                        job.Due
                    );
                }),
        ];
    }

    public async Task Drain()
    {
        var name = typeof(TDbContext).Name;
        if (signal.Requested is not { } drain)
        {
            throw new SidekiqTestException(
                $"The outbox of {name} has no relay in this process: its bus has not started, or it is configured with {nameof(SidekiqOutboxOptions.DisableRelay)}."
            );
        }

        await drain(CancellationToken.None).ConfigureAwait(false);
        var left = await inspector.Count().ConfigureAwait(false);
        if (left.Pending == 0 && left.SetAside == 0)
        {
            return;
        }

        var faults = await inspector.Faults(MostFaults).ConfigureAwait(false);
        var reasons = string.Concat(faults.Select(fault => $"{Environment.NewLine}  {fault.ErrorType}: {fault.Error}"));
        throw new SidekiqTestException(
            $"The outbox of {name} was drained, and {left.Pending} messages could not be sent, {left.SetAside} are set aside. See the log.{reasons}"
        );
    }
}
