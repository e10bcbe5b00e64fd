using System.Reflection;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class DependencyTests
{
    static readonly Architecture dashboard = Architecture.Of("MassTransit.Sidekiq.Dashboard");

    [Fact]
    public void Folder_uses_only_what_the_drawing_allows() => Assert.Empty(dashboard.Undrawn);

    [Fact]
    public void Drawing_points_down_and_has_no_arrow_that_no_file_needs() => Assert.Empty(dashboard.Misdrawn);

    [Fact]
    public void Public_surface_is_the_approved_one() =>
        Approved.Matches(
            PublicApi.Print(Assembly.Load("MassTransit.Sidekiq.Dashboard")),
            "tests/MassTransit.Sidekiq.Dashboard.Tests",
            "PublicApi"
        );
}
