using System.CommandLine;

namespace MassTransit.Sidekiq;

internal sealed class DeleteCommand : ChangeCommand
{
    // Deleted from a queue at a time, so that the memory for them is bounded.
    const int Round = 1000;

    readonly Option<string?> queue = new("--queue")
    {
        Description = "Take them from this queue instead of a set. Redis searches the whole queue for each.",
        HelpName = "queue",
    };

    public DeleteCommand()
        : base("delete", "Deletes jobs of a set or a queue for good.", "deleted") => Options.Add(queue);

    protected override async Task<JobPlace> Place(ToolRun run) =>
        run.Value(queue) is { } name ? await JobPlace.Queue(run.Inspector, name, run.Token) : await base.Place(run);

    protected override Task<bool> Change(JobPlace place, SidekiqEntry entry, CancellationToken token) =>
        place.Set!.Delete(entry, token);

    protected override Task<long> ChangeAll(JobPlace place, Func<SidekiqEntry, bool> which, CancellationToken token) =>
        place.Set is { } set ? set.DeleteAll(which, token) : DeleteWaiting(place, which, token);

    // Workers take jobs meanwhile, which moves the others up: those that are jumped over stay.
    static async Task<long> DeleteWaiting(JobPlace place, Func<SidekiqEntry, bool> which, CancellationToken token)
    {
        var (deleted, kept) = (0L, 0L);
        while (true)
        {
            var found = new List<SidekiqEntry>(Round);
            await foreach (var entry in place.Inspector.Jobs(place.Name, kept, token))
            {
                if (!which(entry))
                {
                    kept++;
                }
                else
                {
                    found.Add(entry);
                    if (found.Count == Round)
                    {
                        break;
                    }
                }
            }

            foreach (var entry in found)
            {
                deleted += await place.Inspector.Delete(place.Name, entry, token) ? 1 : 0;
            }

            if (found.Count < Round)
            {
                return deleted;
            }
        }
    }
}
