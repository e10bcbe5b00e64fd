namespace MassTransit.Sidekiq.Interop.Tests.Crash;

/// <summary>Worker processes of tests/CrashWorker, and spare ones that have loaded and wait to take a dead one's place.</summary>
sealed class Fleet(RedisDatabase redis, TimeSpan lease, RedisDatabase? ledger = null) : IAsyncDisposable
{
    readonly List<ChildProcess> working = [];
    readonly Queue<ChildProcess> spare = [];

    public IReadOnlyList<ChildProcess> Working => working;

    /// <summary>Starts processes that do nothing yet; one after the other, since a start keeps a core busy.</summary>
    public async Task Prepare(int count)
    {
        for (; count > 0; count--)
        {
            var worker = Launch();
            spare.Enqueue(worker);
            await worker.Line("ready");
        }
    }

    /// <summary>Puts prepared processes to work; returns when they are, or at once if they may not live to say so.</summary>
    public async Task Employ(int count, bool untilItWorks = true)
    {
        for (; count > 0; count--)
        {
            var worker = spare.Dequeue();
            await worker.Write("work");
            working.Add(worker);
            if (untilItWorks)
            {
                await worker.Line("working");
            }
        }
    }

    /// <summary>SIGKILL, and nothing in the process runs any more.</summary>
    public async Task Kill(ChildProcess worker)
    {
        working.Remove(worker);
        await worker.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in working.Concat(spare))
        {
            await worker.DisposeAsync();
        }
    }

    ChildProcess Launch()
    {
        // bin/<configuration>/net10.0 of this assembly, and of the worker
        var build = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Repository.PathOf($"tests/CrashWorker/bin/{build.Parent!.Name}/{build.Name}/CrashWorker.dll");

        return ChildProcess.Start(
            Requires.Program("dotnet", "dotnet-sdk-10.0"),
            ["exec", program, redis.Url, (ledger ?? redis).ConnectionString, $"{lease.TotalMilliseconds:F0}"],
            // On any machine: a pool of threads is as large as its cores, at first.
            new Dictionary<string, string> { ["DOTNET_PROCESSOR_COUNT"] = "2" }
        );
    }
}
