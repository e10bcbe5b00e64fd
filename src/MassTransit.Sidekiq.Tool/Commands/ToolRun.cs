using System.CommandLine;

namespace MassTransit.Sidekiq;

// One run of one command: its arguments, where it shows its results, and the Redis that they name.
internal sealed class ToolRun(ParseResult arguments, ToolHost host, CancellationToken token) : IAsyncDisposable
{
    ToolRedis? redis;

    public Terminal Terminal { get; } = new(host, arguments.GetValue(ToolOptions.Json));

    public CancellationToken Token => token;

    public TimeProvider Clock => host.Clock;

    // Made when it is first used: `outbox` needs none.
    public ToolRedis Redis =>
        redis ??= new ToolRedis(
            Value(ToolOptions.Redis) ?? Variable("SIDEKIQ_URL") ?? Variable("REDIS_URL") ?? ToolOptions.DefaultRedis,
            Value(ToolOptions.KeyPrefix) ?? "",
            host.Clock
        );

    public ISidekiqInspector Inspector => Redis.Inspector;

    public T? Value<T>(Option<T> option) => arguments.GetValue(option);

    public T Value<T>(Argument<T> argument) => arguments.GetRequiredValue(argument);

    public ValueTask DisposeAsync() => redis?.DisposeAsync() ?? ValueTask.CompletedTask;

    // One that is set to nothing is not set.
    string? Variable(string name) => host.Variable(name) is { Length: > 0 } value ? value : null;
}
