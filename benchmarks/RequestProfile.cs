using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// Where the time of one request goes, beside that of a request in memory. Each stage ends where the next begins, so that together
// they are the whole request, with what it costs to look at it.
internal sealed class RequestProfile(Lab lab)
{
    const string Service = "profiled-questions";

    static readonly (Stage Stage, string Name)[] stages =
    [
        (Stage.Asked, "ask"),
        (Stage.Received, "to_service"),
        (Stage.Consumed, "read"),
        (Stage.Answered, "answer"),
        (Stage.Returned, "to_client"),
        (Stage.Done, "resume"),
    ];

    public async Task Run(Figures figures)
    {
        var ours = await Measure(await lab.Bus(Register, Endpoint));
        await lab.Redis.Flush();
        var memory = await Measure(await Lab.MemoryBus(Register, Endpoint));
        foreach (var (stage, name) in stages)
        {
            figures.Add($"request.{name}_us", ours[(int)stage], "µs");
            figures.Add($"peer.memory_request_{name}_us", memory[(int)stage], "µs");
        }
    }

    static void Register(IBusRegistrationConfigurator configurator)
    {
        configurator.AddSingleton<Stages>();
        configurator.AddConsumer<ProfiledConsumer>();
    }

    static void Endpoint(IBusRegistrationContext context, IBusFactoryConfigurator cfg) =>
        cfg.ReceiveEndpoint(Service, endpoint => endpoint.ConfigureConsumer<ProfiledConsumer>(context));

    async Task<double[]> Measure(Running running)
    {
        await using (running)
        {
            var measured = running.Services.GetRequiredService<Stages>();
            running.Bus.ConnectSendObserver(measured);
            running.Bus.ConnectReceiveObserver(measured);
            var client = running.Bus.CreateRequestClient<Question>(new Uri($"queue:{Service}"));
            await Lab.Warm(1, Ask);
            measured.Clear();
            await lab.Rate("profiled request", 1, Ask);
            return measured.Microseconds();

            async Task Ask()
            {
                measured.Begin();
                await client.GetResponse<Answer>(Question.Any);
                measured.End(Stage.Done);
            }
        }
    }

    // In the order of a request. One request at a time: each stage ends once.
    enum Stage
    {
        // From the call to the request's own context: what MassTransit's client prepares.
        Asked,

        // Serialized, pushed, and in the hands of the endpoint that waited for it.
        Received,

        // Deserialized, and at the first line of its consumer.
        Consumed,

        // From there to the answer's context.
        Answered,

        // Serialized, pushed, and in the hands of the endpoint that waits for answers.
        Returned,

        // Deserialized, and at the line after the call.
        Done,
    }

    sealed class Stages : ISendObserver, IReceiveObserver
    {
        readonly long[] sums = new long[stages.Length];
        long requests;
        long since;
        bool isAnswer;

        public void Begin() => (since, isAnswer) = (Stopwatch.GetTimestamp(), false);

        public void End(Stage stage)
        {
            var now = Stopwatch.GetTimestamp();
            sums[(int)stage] += now - since;
            requests += stage == Stage.Done ? 1 : 0;
            since = now;
        }

        public void Clear()
        {
            Array.Clear(sums);
            requests = 0;
        }

        public double[] Microseconds() => [.. sums.Select(sum => sum * 1_000_000.0 / Stopwatch.Frequency / requests)];

        public Task PreSend<T>(SendContext<T> context)
            where T : class
        {
            End(isAnswer ? Stage.Answered : Stage.Asked);
            return Task.CompletedTask;
        }

        public Task PreReceive(ReceiveContext context)
        {
            End(isAnswer ? Stage.Returned : Stage.Received);
            isAnswer = true;
            return Task.CompletedTask;
        }

        public Task PostSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;

        public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(
            ConsumeContext<T> context,
            TimeSpan duration,
            string consumerType,
            Exception exception
        )
            where T : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
    }

    sealed class ProfiledConsumer(Stages stages) : IConsumer<Question>
    {
        public Task Consume(ConsumeContext<Question> context)
        {
            stages.End(Stage.Consumed);
            return context.RespondAsync(new Answer(context.Message.Number));
        }
    }
}
