namespace MassTransit.Sidekiq;

internal sealed class KillCommand()
    : ChangeCommand("kill", "Moves jobs of a set to the dead set, from where they can still be retried.", "killed")
{
    protected override Task<bool> Change(JobPlace place, SidekiqEntry entry, CancellationToken token) =>
        Alive(place).Kill(entry, token);

    protected override Task<long> ChangeAll(JobPlace place, Func<SidekiqEntry, bool> which, CancellationToken token) =>
        Alive(place).KillAll(which, token);

    static ISidekiqJobSet Alive(JobPlace place) =>
        place.Name == "dead"
            ? throw new ToolFault(
                "The jobs of the dead set are dead already. Delete them, or kill those of --set Retry."
            )
            : place.Set!;
}
