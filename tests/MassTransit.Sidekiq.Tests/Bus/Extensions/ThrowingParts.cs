using System.Net.Mime;
using MassTransit.Serialization;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Tests;

sealed class ThrowingConsumeFilter<T>(PlugIn plug) : IFilter<ConsumeContext<T>>
    where T : class
{
    public Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        plug.Throw();
        return next.Send(context);
    }

    public void Probe(ProbeContext context) { }
}

sealed class ThrowingFormatter(PlugIn plug) : IErrorQueueNameFormatter
{
    public string FormatErrorQueueName(string queueName)
    {
        plug.Throw();
        return queueName + "_error";
    }
}

sealed class ThrowingDeserializer(PlugIn plug) : ISerializerFactory, IMessageDeserializer
{
    public ContentType ContentType { get; } = new("application/vnd.test.throwing");

    public IMessageSerializer CreateSerializer() => new SystemTextJsonMessageSerializer(ContentType);

    public IMessageDeserializer CreateDeserializer() => this;

    public ConsumeContext Deserialize(ReceiveContext receiveContext)
    {
        plug.Throw();
        return new SystemTextJsonMessageSerializer().Deserialize(receiveContext);
    }

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        new SystemTextJsonMessageSerializer().Deserialize(body, headers, destinationAddress);

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) { }
}

sealed class PlainConsumer : IConsumer<SubmitOrder>
{
    public Task Consume(ConsumeContext<SubmitOrder> context) => Task.CompletedTask;
}

sealed class ThrowingDependency(PlugIn plug) : IDisposable
{
    public void Dispose() => plug.Throw();
}

sealed class ThrowingDependent(ThrowingDependency dependency) : IConsumer<SubmitOrder>
{
    public Task Consume(ConsumeContext<SubmitOrder> context) =>
        dependency is null ? throw new InvalidOperationException() : Task.CompletedTask;
}

sealed class ThrowingConstructor : IConsumer<SubmitOrder>
{
    public ThrowingConstructor(PlugIn plug) => plug.Throw();

    public Task Consume(ConsumeContext<SubmitOrder> context) => Task.CompletedTask;
}

sealed class ThrowingDisposal(PlugIn plug) : IConsumer<SubmitOrder>, IDisposable
{
    public Task Consume(ConsumeContext<SubmitOrder> context) => Task.CompletedTask;

    public void Dispose() => plug.Throw();
}

sealed class ThrowingAsyncDisposal(PlugIn plug) : IConsumer<SubmitOrder>, IAsyncDisposable
{
    public Task Consume(ConsumeContext<SubmitOrder> context) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        plug.Throw();
        return ValueTask.CompletedTask;
    }
}

sealed class ThrowingLogger(PlugIn plug) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (exception is not null)
        {
            plug.Throw();
        }
    }

    public void Dispose() { }
}

/// <summary>An observer of everything that throws in one of its methods.</summary>
sealed class ThrowingObserver(PlugIn plug, string method)
    : IReceiveObserver,
        IConsumeObserver,
        ISendObserver,
        IPublishObserver,
        IReceiveEndpointObserver
{
    public Task PreReceive(ReceiveContext context) => Hear(nameof(PreReceive));

    public Task PostReceive(ReceiveContext context) => Hear(nameof(PostReceive));

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Hear(nameof(PostConsume));

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Hear(nameof(ConsumeFault));

    public Task ReceiveFault(ReceiveContext context, Exception exception) => Hear(nameof(ReceiveFault));

    public Task PreConsume<T>(ConsumeContext<T> context)
        where T : class => Hear(nameof(PreConsume));

    public Task PostConsume<T>(ConsumeContext<T> context)
        where T : class => Hear(nameof(PostConsume));

    public Task ConsumeFault<T>(ConsumeContext<T> context, Exception exception)
        where T : class => Hear(nameof(ConsumeFault));

    public Task PreSend<T>(SendContext<T> context)
        where T : class => Hear(nameof(PreSend));

    public Task PostSend<T>(SendContext<T> context)
        where T : class => Task.CompletedTask;

    public Task SendFault<T>(SendContext<T> context, Exception exception)
        where T : class => Task.CompletedTask;

    public Task PrePublish<T>(PublishContext<T> context)
        where T : class => Hear(nameof(PrePublish));

    public Task PostPublish<T>(PublishContext<T> context)
        where T : class => Task.CompletedTask;

    public Task PublishFault<T>(PublishContext<T> context, Exception exception)
        where T : class => Task.CompletedTask;

    public Task Ready(ReceiveEndpointReady ready) => Hear(nameof(Ready));

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Hear(nameof(Ready));

    public Task Faulted(ReceiveEndpointFaulted faulted) => Hear(nameof(Ready));

    Task Hear(string what)
    {
        if (what == method)
        {
            plug.Throw();
        }

        return Task.CompletedTask;
    }
}
