using System.Text;
using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// The jobs that wait, in the words of a failed test.
internal static class JobList
{
    const int Most = 20;
    const int MostOfArgs = 200;

    public static string Of(IReadOnlyList<SidekiqTestJob> jobs, IReadOnlyList<string> unheard)
    {
        var text = new StringBuilder(jobs.Count == 0 ? "No job waits." : "These jobs wait:");
        foreach (var job in jobs.Take(Most))
        {
            text.AppendLine().Append("  ").Append(job);
        }

        if (jobs.Count > Most)
        {
            text.AppendLine().Append("  and ").Append(jobs.Count - Most).Append(" more");
        }

        if (unheard.Count > 0)
        {
            text.AppendLine().Append("Published to topics without a subscriber: ").AppendJoin(", ", unheard);
        }

        return text.ToString();
    }

    public static string Shortened(string args) => args.Length <= MostOfArgs ? args : $"{args[..MostOfArgs]}…";
}
