namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Compares a text with the one that somebody approved and committed.</summary>
public static class Approved
{
    /// <summary>
    /// Fails when the text is not that of NAME.approved.txt in the given folder, with the lines that differ, and leaves the text
    /// beside it as NAME.received.txt: rename that file to approve it.
    /// </summary>
    public static void Matches(string received, string folder, string name)
    {
        var approvedPath = Path.Combine(Repository.PathOf(folder), $"{name}.approved.txt");
        var receivedPath = Path.Combine(Repository.PathOf(folder), $"{name}.received.txt");
        var approved = File.Exists(approvedPath)
            ? File.ReadAllText(approvedPath).ReplaceLineEndings("\n").TrimEnd()
            : "";
        received = received.TrimEnd();

        if (received == approved)
        {
            File.Delete(receivedPath);
            return;
        }

        File.WriteAllText(receivedPath, $"{received}\n");
        var (before, after) = (approved.Split('\n'), received.Split('\n'));
        var lines = before
            .Except(after)
            .Select(line => $"- {line}")
            .Concat(after.Except(before).Select(line => $"+ {line}"));
        Assert.Fail(
            $"{name} is not what was approved. If that is meant: mv {folder}/{name}.received.txt {folder}/{name}.approved.txt\n"
                + string.Join('\n', lines)
        );
    }
}
