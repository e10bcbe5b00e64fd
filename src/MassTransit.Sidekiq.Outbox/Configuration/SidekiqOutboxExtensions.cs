using MassTransit.Configuration;
using MassTransit.Sidekiq;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit;

/// <summary>The entry point: <c>x.AddSidekiqOutbox&lt;OrdersDbContext&gt;(o =&gt; o.UseBusOutbox())</c>.</summary>
public static class SidekiqOutboxExtensions
{
    /// <summary>
    /// Stores the messages of this bus in the tables that <see cref="SidekiqOutboxModel.AddSidekiqOutbox" /> maps, and drains
    /// them to Redis while the bus runs. Call it once for each context; register the context with <c>AddDbContext</c> or its
    /// pooled form, so that a commit is seen at once.
    /// </summary>
    /// <typeparam name="TDbContext">The context that saves business changes and messages.</typeparam>
    /// <param name="configurator">The registration of the bus.</param>
    /// <param name="configure">What is staged and how it is drained.</param>
    public static void AddSidekiqOutbox<TDbContext>(
        this IBusRegistrationConfigurator configurator,
        Action<SidekiqOutboxOptions>? configure = null
    )
        where TDbContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(configurator);

        var options = new SidekiqOutboxOptions();
        configure?.Invoke(options);
        Validate<TDbContext>(options);

        var registration = (OutboxRegistration)
            Activator.CreateInstance(
                typeof(OutboxRegistration<,>).MakeGenericType(BusOf(configurator), typeof(TDbContext)),
                options
            )!;
        registration.Register(configurator);
    }

    /// <summary>
    /// Gives every message exactly-once effects: the consumers and sagas of this endpoint run in a transaction of
    /// <typeparamref name="TDbContext" />, together with the inbox row of the message and with what they send.
    /// Call it before the consumers are configured, and after UseMessageRetry, so that each attempt has a transaction of its
    /// own.
    /// </summary>
    /// <typeparam name="TDbContext">A context that <see cref="AddSidekiqOutbox{TDbContext}" /> was called for.</typeparam>
    /// <param name="configurator">The endpoint.</param>
    /// <param name="context">The registration that the endpoint is configured from.</param>
    public static void UseSidekiqOutbox<TDbContext>(
        this IReceiveEndpointConfigurator configurator,
        IRegistrationContext context
    )
        where TDbContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(configurator);
        ArgumentNullException.ThrowIfNull(context);
        if (context.GetService<OutboxSettings<TDbContext>>() is null)
        {
            throw new ConfigurationException(
                $"{configurator.InputAddress} uses the outbox of {typeof(TDbContext).Name}, which is not registered. Call x.AddSidekiqOutbox<{typeof(TDbContext).Name}>() in AddMassTransit."
            );
        }

        var observer = new OutboxConsumePipeSpecificationObserver<TDbContext>(configurator, context);
        configurator.ConnectConsumerConfigurationObserver(observer);
        configurator.ConnectSagaConfigurationObserver(observer);
        configurator.ConnectActivityConfigurationObserver(observer);
    }

    // The bus that a registration is for: a further bus (MultiBus) has its own interface.
    static Type BusOf(IBusRegistrationConfigurator configurator) =>
        configurator
            .GetType()
            .GetInterfaces()
            .FirstOrDefault(type =>
                type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IBusRegistrationConfigurator<>)
            )
            ?.GetGenericArguments()[0]
        ?? typeof(IBus);

    static void Validate<TDbContext>(SidekiqOutboxOptions options)
    {
        if (options.BatchSize is < 1 or > 100_000)
        {
            throw new ConfigurationException(
                $"The outbox of {typeof(TDbContext).Name} has BatchSize {options.BatchSize}. It must be from 1 to 100000; the default is 1000."
            );
        }

        if (options.Ledger is { } ledger && ledger.Grace <= TimeSpan.Zero)
        {
            throw new ConfigurationException(
                $"The outbox of {typeof(TDbContext).Name} keeps jobs with a Grace of {ledger.Grace}. It must be above zero; the default is 10 minutes."
            );
        }

        if (
            options.PollInterval <= TimeSpan.Zero
            || options.InboxRetention <= TimeSpan.Zero
            || options.HealthyAge <= TimeSpan.Zero
        )
        {
            throw new ConfigurationException(
                $"The outbox of {typeof(TDbContext).Name} needs a PollInterval, an InboxRetention and a HealthyAge above zero."
            );
        }
    }
}
