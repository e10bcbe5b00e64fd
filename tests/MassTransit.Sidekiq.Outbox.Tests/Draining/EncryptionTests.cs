using MassTransit.Sidekiq.Outbox.Tests.Contracts;

namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>An encrypted message is encrypted in the database too.</summary>
public sealed class EncryptionTests
{
    const string Secret = "4111-1111";

    static readonly string key = Convert.ToBase64String(new byte[32]);

    [Theory, InlineData(false), InlineData(true)]
    public async Task Row_and_job_hold_no_plain_text_and_the_consumer_reads_the_message(bool isPublished)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        var seen = new TaskCompletionSource<PayCard>();
        await using var host = await Start(database, redis, seen);

        var rows = "";
        await host.InScope(
            async (db, publisher, sender) =>
            {
                if (isPublished)
                {
                    await publisher.Publish(new PayCard(7, Secret));
                }
                else
                {
                    await sender.Send("cards", new PayCard(7, Secret));
                }

                await db.SaveChangesAsync();
                rows = string.Concat(
                    db.ChangeTracker.Entries<OutboxMessage>()
                        .Select(entry => entry.Entity.Body + entry.Entity.Properties)
                );
            }
        );

        Assert.Equal(new PayCard(7, Secret), await seen.Task.InTime());
        Assert.Contains("mt1.1.", rows, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, rows, StringComparison.Ordinal);
    }

    static Task<OutboxHost> Start(TestDatabase database, RedisDatabase redis, TaskCompletionSource<PayCard> seen) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Outbox = outbox => outbox.PollInterval = TimeSpan.FromMilliseconds(100),
                Bus = (_, cfg) =>
                {
                    cfg.Host(redis.Url, host => host.EncryptionKey(1, key));
                    cfg.Job<PayCard>(job => job.Encrypt());
                    cfg.ReceiveEndpoint(
                        "cards",
                        e =>
                            e.Handler<PayCard>(context =>
                            {
                                seen.SetResult(context.Message);
                                return Task.CompletedTask;
                            })
                    );
                },
            }
        );
}
