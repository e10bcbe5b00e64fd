using MassTransit.Configuration;

namespace MassTransit.Sidekiq;

// The limits of a consumer, kept among its options until its endpoint reads them.
internal sealed class ConsumerLimits : IOptions
{
    readonly List<Action<ISidekiqLimitsConfigurator>> configured = [];

    public void Add(Action<ISidekiqLimitsConfigurator> configure) => configured.Add(configure);

    public IEnumerable<EndpointLimit> Of(IReadOnlyList<Type> messages) =>
        configured.SelectMany(configure => LimitsConfigurator.Limits(configure, messages));

    // A consumer of batches takes the jobs of their messages one by one.
    public static IReadOnlyList<Type> MessagesOf(Type consumer) =>
        [
            .. consumer
                .GetInterfaces()
                .Where(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IConsumer<>))
                .Select(face => face.GetGenericArguments()[0])
                .Select(message =>
                    message.IsGenericType && message.GetGenericTypeDefinition() == typeof(Batch<>)
                        ? message.GetGenericArguments()[0]
                        : message
                ),
        ];
}
