using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MassTransit.Sidekiq.Benchmarks;

// A bare socket that waits for the next job of a queue with BLMOVE: what no wait of a client can be faster than.
internal sealed class BareWaiter : IDisposable
{
    readonly TcpClient client = new() { NoDelay = true };
    readonly byte[] reply = new byte[4096];
    readonly byte[] wait;

    BareWaiter(string queue) => wait = Command("BLMOVE", $"queue:{queue}", $"landing:{queue}", "RIGHT", "LEFT", "10");

    public static async Task<BareWaiter> Open(RedisDatabase redis, string queue)
    {
        var waiter = new BareWaiter(queue);
        await waiter.client.ConnectAsync(redis.Host, redis.Port);
        return waiter;
    }

    // Redis has the command when this returns; the task completes with the job.
    public async Task Next()
    {
        var stream = client.GetStream();
        await stream.WriteAsync(wait);
        if (await stream.ReadAsync(reply) == 0)
        {
            throw new EndOfStreamException();
        }
    }

    public void Dispose() => client.Dispose();

    static byte[] Command(params string[] words) =>
        Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"*{words.Length}\r\n")
                + string.Concat(
                    words.Select(word => string.Create(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n"))
                )
        );
}
