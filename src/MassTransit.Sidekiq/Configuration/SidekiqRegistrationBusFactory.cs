using MassTransit.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq;

// Builds the bus of one `UsingSidekiq` call when the container asks for it.
internal sealed class SidekiqRegistrationBusFactory
    : TransportRegistrationBusFactory<ISidekiqReceiveEndpointConfigurator>
{
    readonly SidekiqBusConfiguration bus;
    readonly Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure;

    public SidekiqRegistrationBusFactory(Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure)
        : this(new SidekiqBusConfiguration(), configure) { }

    SidekiqRegistrationBusFactory(
        SidekiqBusConfiguration bus,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator>? configure
    )
        : base(bus.Host)
    {
        this.bus = bus;
        this.configure = configure;
    }

    public override IBusInstance CreateBus(
        IBusRegistrationContext context,
        IEnumerable<IBusInstanceSpecification> specifications,
        string busName
    )
    {
        var options = context.GetRequiredService<IOptionsMonitor<SidekiqTransportOptions>>().Get(busName);
        bus.Host.Settings.Services = context;
        bus.Host.Settings.Apply(options);
        bus.Host.Settings.BusName = busName.Length == 0 ? null : busName;
        bus.Host.Runtime.Clock = context.GetService<TimeProvider>() ?? TimeProvider.System;
        bus.Host.Settings.Lifetime = context.GetService<IHostApplicationLifetime>();
        bus.Host.Settings.IsWebHost = IsWebHost(context);
        if (context.GetService<ITestSeam>() is { } tests)
        {
            tests.Enter(bus.Host.Runtime);
            bus.Host.StartReceiver = tests.Start;
        }

        return CreateBus(new SidekiqBusFactoryConfigurator(bus), context, configure, specifications);
    }

    // By name, since a worker does not reference ASP.NET.
    static bool IsWebHost(IServiceProvider services) =>
        Type.GetType("Microsoft.AspNetCore.Hosting.Server.IServer, Microsoft.AspNetCore.Hosting.Server.Abstractions")
            is { } server
        && services.GetService(server) is not null;
}
