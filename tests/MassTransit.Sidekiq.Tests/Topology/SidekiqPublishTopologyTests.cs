using MassTransit.Topology;
using MassTransit.Transports;

namespace MassTransit.Sidekiq.Tests.Topology;

public sealed class SidekiqPublishTopologyTests
{
    readonly SidekiqPublishTopology topology = new(
        new MessageTopology(
            new MessageNameFormatterEntityNameFormatter(new DefaultMessageNameFormatter("::", "--", ":", "+"))
        )
    );

    [Fact]
    public void Own_type_comes_first_then_what_it_implements_nearest_first_and_each_once() =>
        Assert.Equal(["IPuppy", "IYoung", "INamed", "ILiving"], Entities<IPuppy>());

    [Fact]
    public void Class_comes_before_its_base_and_that_before_its_interfaces_each_once()
    {
        var entities = Entities<Terrier>();

        Assert.Equal(["Terrier", "Dog"], entities[..2]);
        Assert.Equal(["ILiving", "INamed", "IYoung"], entities[2..].Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Type_that_implements_nothing_is_alone() => Assert.Equal(["ILiving"], Entities<ILiving>());

    [Fact]
    public void Excluded_type_is_left_out_with_what_lies_behind_it_alone()
    {
        topology.For<IYoung>().Exclude = true;

        Assert.Equal(["IPuppy", "INamed"], Entities<IPuppy>());
        Assert.Contains("ILiving", Entities<Terrier>());
    }

    [Fact]
    public void Excluded_message_reaches_nobody()
    {
        topology.For<IPuppy>().Exclude = true;

        Assert.Empty(topology.For<IPuppy>().Entities());
    }

    [Fact]
    public void Address_of_a_publish_is_the_topic_of_its_type()
    {
        var host = new Uri("sidekiq://redis-1:7000/2/");

        Assert.True(topology.For<Dog>().TryGetPublishAddress(host, out var address));

        Assert.Equal(
            $"sidekiq://redis-1:7000/2/{typeof(Dog).Namespace}:{nameof(SidekiqPublishTopologyTests)}+Dog?type=topic",
            Uri.UnescapeDataString($"{address}")
        );
    }

    // Without what stands before each of them: this class.
    string[] Entities<T>()
        where T : class => [.. topology.For<T>().Entities().Select(entity => entity.EntityName.Split('+')[^1])];

    public interface ILiving;

    public interface INamed;

    public interface IYoung : ILiving;

    public interface IPuppy : IYoung, INamed;

    public record Dog : INamed, ILiving;

    public sealed record Terrier : Dog, IYoung;
}
