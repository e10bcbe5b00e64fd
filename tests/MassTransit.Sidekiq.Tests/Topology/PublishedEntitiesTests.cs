namespace MassTransit.Sidekiq.Tests.Topology;

public sealed class PublishedEntitiesTests
{
    readonly PublishedEntities entities = new();

    [Fact]
    public void Type_that_was_published_is_known_with_all_that_it_implements_in_their_order()
    {
        entities.Learn([new Entity("Shop:Order"), new Entity("Shop:INamed"), new Entity("Shop:IOrder")]);

        Assert.Equal(["Shop:Order", "Shop:INamed", "Shop:IOrder"], entities.Find("Shop:Order")!);
    }

    [Fact]
    public void Type_that_is_only_implemented_is_not_known_by_that()
    {
        entities.Learn([new Entity("Shop:Order"), new Entity("Shop:IOrder")]);

        Assert.Null(entities.Find("Shop:IOrder"));
        Assert.Null(entities.Find("shop:order"));
    }

    [Fact]
    public void Type_that_reaches_nobody_teaches_nothing()
    {
        entities.Learn([]);

        Assert.Null(entities.Find(""));
    }

    [Fact]
    public void What_was_learned_first_stays()
    {
        entities.Learn([new Entity("Shop:Order"), new Entity("Shop:IOrder")]);
        entities.Learn([new Entity("Shop:Order")]);

        Assert.Equal(2, entities.Find("Shop:Order")!.Length);
    }

    sealed record Entity(string EntityName) : IPublishedEntity
    {
        public bool Exclude => false;

        public IReadOnlyList<IPublishedEntity> Parents => [];
    }
}
