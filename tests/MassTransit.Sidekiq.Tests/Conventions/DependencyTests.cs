namespace MassTransit.Sidekiq.Tests.Conventions;

public class DependencyTests
{
    static readonly Architecture transport = Architecture.Of("MassTransit.Sidekiq");

    [Fact]
    public void Folder_uses_only_what_the_drawing_allows() => Assert.Empty(transport.Undrawn);

    [Fact]
    public void Drawing_points_down_and_has_no_arrow_that_no_file_needs() => Assert.Empty(transport.Misdrawn);

    [Fact]
    public void No_more_than_five_files_know_each_other_in_a_circle() => Assert.Empty(transport.KnotsAbove(5));

    [Fact]
    public void Folder_is_small_enough_to_be_seen_at_once()
    {
        var folders = Repository
            .Files("src", "*.cs")
            .Concat(Repository.Files("src", "*.lua"))
            .GroupBy(file => Path.GetDirectoryName(file.Path), StringComparer.Ordinal);

        Assert.Empty(folders.Where(folder => folder.Count() > 21).Select(folder => folder.Key));
    }
}
