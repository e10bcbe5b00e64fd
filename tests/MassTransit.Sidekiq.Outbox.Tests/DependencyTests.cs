namespace MassTransit.Sidekiq.Outbox.Tests;

public class DependencyTests
{
    static readonly Architecture outbox = Architecture.Of("MassTransit.Sidekiq.Outbox");

    [Fact]
    public void Folder_uses_only_what_the_drawing_allows() => Assert.Empty(outbox.Undrawn);

    [Fact]
    public void Drawing_points_down_and_has_no_arrow_that_no_file_needs() => Assert.Empty(outbox.Misdrawn);

    [Fact]
    public void No_more_than_five_files_know_each_other_in_a_circle() => Assert.Empty(outbox.KnotsAbove(5));
}
