using System.Runtime.ExceptionServices;
using System.Text;
using MassTransit.Testing;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// <summary>
/// A test harness. It enters each bus of its container before that is built, at three places, and everything between them is
/// the bus's own:
/// 1. its endpoints: they are held, and their jobs run when the test says so, or the send in Inline;
/// 2. without Redis: the stores that sends and subscriptions go through, which keep jobs in memory;
/// 3. without Redis: the connection, which tells whatever asks for it that there is none.
/// </summary>
internal sealed class JobHarness : ISidekiqTestHarness, ITestSeam
{
    readonly Func<IEnumerable<ITestedOutbox>> outboxes;
    readonly TestEndpoints endpoints = new();
    readonly List<BusRuntime> buses = [];
    readonly MemoryJobs memory = new();
    readonly MemoryWaiting inMemory;
    readonly WaitingJobs waiting;
    readonly JobRunner runner;

    public JobHarness(SidekiqTestMode mode, Func<IEnumerable<ITestedOutbox>> outboxes)
    {
        (Mode, this.outboxes) = (mode, outboxes);
        inMemory = new MemoryWaiting(memory);
        waiting = mode == SidekiqTestMode.Redis ? new RedisWaiting(() => Bus) : inMemory;
        runner = new JobRunner(waiting, endpoints, outboxes);
        memory.RunnerOf = RunnerOf;
    }

    public SidekiqTestMode Mode { get; }

    // The first bus of the container, if it has several.
    BusRuntime Bus
    {
        get
        {
            lock (buses)
            {
                return buses.OrderBy(bus => bus.Settings.BusName is not null).FirstOrDefault()
                    ?? throw new SidekiqTestException(
                        "No bus on Sidekiq has been created yet. Start the host or the bus, or resolve IBus."
                    );
            }
        }
    }

    public void Enter(BusRuntime bus)
    {
        lock (buses)
        {
            buses.Add(bus);
        }

        if (Mode != SidekiqTestMode.Redis)
        {
            bus.MakeStores = (redis, keys, dead) => MemoryStores.Of(memory, redis, keys, dead);
            bus.Settings.Absence =
                $"This bus runs without Redis, in {nameof(SidekiqTestMode)}.{Mode}. What looks into Redis (inspector, dashboard, "
                + $"periodic and recurring jobs) needs one: use {nameof(SidekiqTestMode)}.{SidekiqTestMode.Redis}.";
        }
    }

    public ReceiveTransportHandle Start(SidekiqReceiveEndpointContext context)
    {
        if (Mode == SidekiqTestMode.Redis && context.IsBusEndpoint)
        {
            return new JobReceiver(context);
        }

        var endpoint = new TestEndpoint(context, context.Runtime.BeginProcess());
        endpoints.Add(endpoint);
        void End() => endpoints.Remove(endpoint);

        return Mode == SidekiqTestMode.Redis
            ? new HeldReceiver(context, endpoint, End)
            : new MemoryReceiver(context, endpoint, End);
    }

    public Task<IReadOnlyList<SidekiqTestJob>> Jobs() => waiting.All();

    public async Task<IReadOnlyList<SidekiqTestJob<T>>> AllEnqueued<T>(Func<T, bool>? which = null)
        where T : class => Of(await Jobs().ConfigureAwait(false), which);

    public async Task<SidekiqTestJob<T>> Enqueued<T>(Func<T, bool>? which = null)
        where T : class
    {
        var jobs = await Jobs().ConfigureAwait(false);
        return Of(jobs, which) is var found && found is [var one]
            ? one
            : throw Unexpected($"Expected one job of {Described(which)}", found.Count, jobs);
    }

    public async Task<SidekiqTestJob> Enqueued(string jobClass)
    {
        ArgumentException.ThrowIfNullOrEmpty(jobClass);
        var jobs = await Jobs().ConfigureAwait(false);
        return jobs.Where(job => job.Class == jobClass).ToList() is var found && found is [var one]
            ? one
            : throw Unexpected($"Expected one job of class {jobClass}", found.Count, jobs);
    }

    public async Task NoneEnqueued<T>(Func<T, bool>? which = null)
        where T : class
    {
        var jobs = await Jobs().ConfigureAwait(false);
        if (Of(jobs, which) is { Count: > 0 and var count })
        {
            throw Unexpected($"Expected no job of {Described(which)}", count, jobs);
        }
    }

    public Task<SidekiqRun> RunJob(string json, string? queue = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(json);
        var job = SidekiqJob.TryParse(bytes);
        if (job is { Jid: null })
        {
            bytes = JobJson.Edit(bytes, new JobEdit().Set("jid", JobId.From(NewId.NextGuid())));
        }

        queue ??= DueMove.QueueOf(job);
        return endpoints.Of(queue).Run(queue, bytes);
    }

    public async Task<IReadOnlyList<SidekiqRun>> Drain(string? queue = null, bool throwOnFailure = true) =>
        Checked(await (queue is null ? runner.DrainAll() : runner.Drain(queue)).ConfigureAwait(false), throwOnFailure);

    public async Task<IReadOnlyList<SidekiqRun>> RunScheduled(
        DateTimeOffset? dueBy = null,
        bool throwOnFailure = true
    ) => Checked(await runner.DrainDue(DueSet.Schedule, dueBy, Bus).ConfigureAwait(false), throwOnFailure);

    public async Task<IReadOnlyList<SidekiqRun>> RunRetries(DateTimeOffset? dueBy = null, bool throwOnFailure = true) =>
        Checked(await runner.DrainDue(DueSet.Retry, dueBy, Bus).ConfigureAwait(false), throwOnFailure);

    public async Task<IReadOnlyList<SidekiqTestJob>> Staged()
    {
        var staged = new List<SidekiqTestJob>();
        foreach (var outbox in outboxes())
        {
            staged.AddRange(await outbox.Staged().ConfigureAwait(false));
        }

        return staged;
    }

    public async Task DrainOutbox()
    {
        await runner.SendStaged().ConfigureAwait(false);
        if (Mode == SidekiqTestMode.Inline)
        {
            await Drain().ConfigureAwait(false);
        }
    }

    public Task Clear() => waiting.Clear();

    // A response is delivered at once, since its client waits.
    Func<ReadOnlyMemory<byte>, Task>? RunnerOf(string queue)
    {
        if (endpoints.Find(queue) is not { } endpoint)
        {
            return null;
        }

        if (endpoint.IsOfResponses)
        {
            return json => endpoint.Run(queue, json);
        }

        return Mode != SidekiqTestMode.Inline || runner.Holds
            ? null
            : async json => ThrowFailure(await inMemory.Run(endpoint, queue, json).ConfigureAwait(false));
    }

    // The exception of the consumer, as the sender would get it from a call. A ConnectionException would make the sender try
    // again, as if Redis were lost.
    static void ThrowFailure(SidekiqRun run)
    {
        if (!run.HasFailed)
        {
            return;
        }

        if (run.Error is null or ConnectionException)
        {
            throw new SidekiqTestException($"When it was sent, {run}", run.Error);
        }

        ExceptionDispatchInfo.Throw(run.Error);
    }

    static List<SidekiqRun> Checked(List<SidekiqRun> runs, bool throwOnFailure)
    {
        var failed = runs.FindAll(run => run.HasFailed);
        return failed.Count == 0 || !throwOnFailure
            ? runs
            : throw new SidekiqTestException(
                $"{failed.Count} of {runs.Count} jobs failed:{string.Concat(failed.Select(run => $"{Environment.NewLine}  {run}"))}",
                failed[0].Error
            );
    }

    List<SidekiqTestJob<T>> Of<T>(IReadOnlyList<SidekiqTestJob> jobs, Func<T, bool>? which)
        where T : class
    {
        if (jobs.Count == 0)
        {
            return [];
        }

        var messages = new JobMessages<T>(Bus.Contracts);
        return
        [
            .. jobs.Where(messages.IsIn)
                .Select(job => new SidekiqTestJob<T>(job, messages.Read(job)))
                .Where(job => which is null || which(job.Message)),
        ];
    }

    string Described<T>(Func<T, bool>? which)
        where T : class =>
        $"{TypeName.Of(typeof(T))} (class {Bus.Contracts.For<T>().Class}){(which is null ? "" : " that meets the condition")}";

    SidekiqTestException Unexpected(string expected, int count, IReadOnlyList<SidekiqTestJob> jobs) =>
        new($"{expected}, and there {(count == 1 ? "is" : "are")} {count}. {JobList.Of(jobs, waiting.Unheard)}");
}
