namespace MassTransit.Sidekiq;

// Looks once a second after the jobs that run. While none does, it rests until one starts: an idle process does not wake for it.
internal sealed class RunningWatch
{
    static readonly TimeSpan interval = TimeSpan.FromSeconds(1);

    readonly Roster roster;
    readonly Func<Task>[] looks;

    public RunningWatch(Roster roster, TimeProvider clock, params Func<Task>[] looks)
    {
        (this.roster, this.looks) = (roster, looks);
        Loop = new BackgroundLoop("Watch of running jobs", Cycle, clock);
        roster.Woken += (_, _) => Loop.Wake();
    }

    public BackgroundLoop Loop { get; }

    // Each look is taken, whatever becomes of the others.
    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        await Task.WhenAll(looks.Select(look => look())).ConfigureAwait(false);
        return roster.Rests() ? Timeout.InfiniteTimeSpan : interval;
    }
}
