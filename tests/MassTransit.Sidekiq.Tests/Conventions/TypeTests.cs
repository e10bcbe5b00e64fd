using System.Reflection;
using System.Runtime.CompilerServices;

namespace MassTransit.Sidekiq.Tests.Conventions;

public class TypeTests
{
    static readonly Assembly Library = Assembly.Load("MassTransit.Sidekiq");

    [Fact]
    public void Class_that_nobody_derives_from_is_sealed()
    {
        var classes = Library
            .GetTypes()
            .Where(type => type.IsClass && !type.IsDefined(typeof(CompilerGeneratedAttribute)));
        var parents = Library.GetTypes().Select(type => Definition(type.BaseType)).ToHashSet();

        Assert.Empty(classes.Where(type => type is { IsAbstract: false, IsSealed: false } && !parents.Contains(type)));
    }

    [Fact]
    public void Public_surface_is_the_approved_one() =>
        Approved.Matches(PublicApi.Print(Library), "tests/MassTransit.Sidekiq.Tests/Conventions", "PublicApi");

    [Fact]
    public void Public_surface_of_the_instrumentation_is_the_approved_one() =>
        Approved.Matches(
            PublicApi.Print(typeof(SidekiqInstrumentationExtensions).Assembly),
            "tests/MassTransit.Sidekiq.Tests/Conventions",
            "PublicApi.OpenTelemetry"
        );

    static Type? Definition(Type? type) => type is { IsGenericType: true } ? type.GetGenericTypeDefinition() : type;
}
