using System.Reflection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class PublicApiTests
{
    [Fact]
    public void Public_surface_is_the_approved_one() =>
        Approved.Matches(
            PublicApi.Print(Assembly.Load("MassTransit.Sidekiq.Outbox")),
            "tests/MassTransit.Sidekiq.Outbox.Tests",
            "PublicApi"
        );
}
