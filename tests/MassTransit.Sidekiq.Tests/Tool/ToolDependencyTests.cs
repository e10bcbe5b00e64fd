namespace MassTransit.Sidekiq.Tests.Tool;

public class ToolDependencyTests
{
    static readonly Architecture tool = Architecture.Of("MassTransit.Sidekiq.Tool");

    [Fact]
    public void Folder_uses_only_what_the_drawing_allows() => Assert.Empty(tool.Undrawn);

    [Fact]
    public void Drawing_points_down_and_has_no_arrow_that_no_file_needs() => Assert.Empty(tool.Misdrawn);

    [Fact]
    public void No_more_than_five_files_know_each_other_in_a_circle() => Assert.Empty(tool.KnotsAbove(5));
}
