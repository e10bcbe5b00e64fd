using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Sending;

public sealed class EntityDeclarationsTests : IAsyncLifetime
{
    const int Epoch = 7;

    readonly PublishedEntities entities = new();
    RedisSteps steps = null!;
    EntityDeclarations declarations = null!;

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        declarations = new EntityDeclarations(entities);
        entities.Learn([new Entity("Shop:Order"), new Entity("Shop:INamed"), new Entity("Shop:IOrder")]);
        entities.Learn([new Entity("Shop:Alone")]);
    }

    public ValueTask DisposeAsync() => steps.DisposeAsync();

    [Fact]
    public async Task What_an_entity_implements_is_told_Redis()
    {
        await Declare("Shop:Order", Epoch);

        Assert.Equal(["mt:implements:Shop:Order"], await steps.Redis.Keys());
        Assert.Equal(
            ["Shop:INamed", "Shop:IOrder"],
            (await steps.Redis.Db.SetMembersAsync("mt:implements:Shop:Order")).Select(parent => $"{parent}").Order()
        );
    }

    [Fact]
    public async Task Redis_is_asked_once_for_each_time_that_it_was_reached()
    {
        await Declare("Shop:Order", Epoch);
        await steps.Redis.Flush();

        Assert.True(Declare("Shop:Order", Epoch).IsCompletedSuccessfully);
        Assert.True(await steps.Redis.IsEmpty());

        await Declare("Shop:Order", Epoch + 1);
        Assert.False(await steps.Redis.IsEmpty());
        Assert.True(Declare("Shop:Order", Epoch + 1).IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData("Shop:Alone")]
    [InlineData("Shop:Unknown")]
    public async Task Entity_that_implements_nothing_or_that_nobody_knows_asks_Redis_nothing(string entity)
    {
        Assert.True(Declare(entity, Epoch).IsCompletedSuccessfully);

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Declaration_that_Redis_refuses_is_made_with_the_next_publish()
    {
        await steps.Redis.Db.StringSetAsync("mt:implements:Shop:Order", "no set");
        await Assert.ThrowsAsync<SidekiqRedisException>(() => Declare("Shop:Order", Epoch));
        await steps.Redis.Flush();

        await Declare("Shop:Order", Epoch);

        Assert.False(await steps.Redis.IsEmpty());
    }

    Task Declare(string entity, int epoch) => declarations.Declare(entity, steps.Topics, epoch);

    sealed record Entity(string EntityName) : IPublishedEntity
    {
        public bool Exclude => false;

        public IReadOnlyList<IPublishedEntity> Parents => [];
    }
}
