using System.Text.Json;

namespace MassTransit.Sidekiq.Outbox.Tests;

// Jobs in Redis as the tests read them.
static class Job
{
    public static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    public static async Task<JsonElement[]> Jobs(this RedisDatabase redis, string queue) =>
        [.. (await redis.Queue(queue)).Select(Parse)];

    public static string Jid(this JsonElement job) => job.GetProperty("jid").GetString()!;

    public static string Class(this JsonElement job) => job.GetProperty("class").GetString()!;

    public static int Step(this JsonElement job) => job.GetProperty("args")[0].GetProperty("step").GetInt32();

    public static async Task Send<T>(
        this ISendEndpointProvider sender,
        string queue,
        T message,
        Action<SendContext>? set = null
    )
        where T : class
    {
        var endpoint = await sender.GetSendEndpoint(new Uri($"queue:{queue}"));
        await endpoint.Send(message, Pipe.Execute<SendContext>(context => set?.Invoke(context)));
    }
}
