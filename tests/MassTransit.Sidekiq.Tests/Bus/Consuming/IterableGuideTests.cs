using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of docs/iterable.md, as it stands there.</summary>
public sealed class IterableGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Photos_of_the_guide_are_resized_once_although_one_is_broken_at_first()
    {
        await using var redis = await RedisServer.Lease();
        var photos = new PhotoStore();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddSingleton(photos);
                x.AddConsumer<ResizePhotos>();
            }
        );

        await bus.Send("ResizePhotos", new ResizeShop(1));
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        await redis.RetryNow();

        Assert.Equal([1, 2, 3, 4, 5], (await photos.Resized.Next(5)).Select(photo => photo.Id));
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("it-", StringComparison.Ordinal))
        );
    }

    public sealed record ResizeShop(int ShopId);

    public sealed record Photo(int Id);

    public sealed class ResizePhotos(PhotoStore photos) : IIterableConsumer<ResizeShop, Photo>
    {
        public TimeSpan? MaxIterationRuntime => TimeSpan.FromMinutes(5);

        public async IAsyncEnumerable<Step<Photo>> Items(ConsumeContext<ResizeShop> context, string? cursor)
        {
            var first = int.Parse(cursor ?? "0", CultureInfo.InvariantCulture);
            await foreach (var photo in photos.Of(context.Message.ShopId).Where(photo => photo.Id >= first))
            {
                yield return new Step<Photo>(photo, $"{photo.Id}");
            }
        }

        public async Task Each(ConsumeContext<ResizeShop> context, Photo photo)
        {
            await photos.Resize(photo, context.CancellationToken);
            context.Progress(done: photo.Id, total: photos.Count);
        }
    }

    public sealed class PhotoStore
    {
        bool hasFailed;

        public int Count => 5;

        public Seen<Photo> Resized { get; } = new();

        public IAsyncEnumerable<Photo> Of(int shop) =>
            Enumerable.Range(shop, Count).Select(id => new Photo(id)).ToAsyncEnumerable();

        public Task Resize(Photo photo, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (photo.Id == 3 && !hasFailed)
            {
                hasFailed = true;
                throw new InvalidDataException("The photo is being uploaded.");
            }

            Resized.Add(photo);
            return Task.CompletedTask;
        }
    }
}
