using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>A real Ruby Sidekiq process that works on a test's database.</summary>
public sealed class RubySidekiq : IAsyncDisposable
{
    readonly ChildProcess process;

    RubySidekiq(ChildProcess process) => this.process = process;

    /// <summary>Its process id, which is part of its identity in Redis.</summary>
    public int ProcessId => process.Id;

    /// <summary>What it wrote.</summary>
    public IReadOnlyList<string> Lines => process.Lines;

    /// <summary>Starts it with a Ruby file from the test project's folder ruby/, and returns when it takes jobs.</summary>
    /// <param name="redis">Where it finds its queues.</param>
    /// <param name="script">The file that defines its job classes: "jobs.rb".</param>
    /// <param name="queues">The queues it works on, "default" if none is given; "critical,2" has a weight.</param>
    /// <param name="concurrency">Jobs at once.</param>
    /// <param name="graceSeconds">How long a running job may take after SIGTERM before it goes back to its queue.</param>
    /// <param name="environment">What its job classes find in ENV.</param>
    public static async Task<RubySidekiq> Start(
        RedisDatabase redis,
        string script,
        string[]? queues = null,
        int concurrency = 2,
        int graceSeconds = 4,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        List<string> arguments = ["-r", Ruby.Script("worker.rb"), "-c", Text(concurrency), "-t", Text(graceSeconds)];
        foreach (var queue in queues ?? ["default"])
        {
            arguments.AddRange(["-q", queue]);
        }

        var all = new Dictionary<string, string>(environment ?? new Dictionary<string, string>())
        {
            ["REDIS_URL"] = redis.Url,
            ["TEST_JOBS"] = Ruby.Script(script),
        };
        var process = ChildProcess.Start(Requires.Program("sidekiq", "ruby-sidekiq"), arguments, all);
        await process.Line("taking jobs");
        return new RubySidekiq(process);
    }

    /// <summary>Completes when a job has run to its end.</summary>
    public Task Done(string jid) => Event(jid, "INFO: done");

    /// <summary>Completes when a job has raised an error.</summary>
    public Task Failed(string jid) => Event(jid, "INFO: fail");

    /// <summary>Completes when a job has begun to run.</summary>
    public Task Started(string jid) => Event(jid, "INFO: start");

    /// <summary>Completes with the first line of its log that contains the text.</summary>
    public Task<string> Line(string text) => process.Line(text);

    /// <summary>Asks it to take no more jobs.</summary>
    public void Quiet() => process.Send(UnixSignal.Quiet);

    /// <summary>Asks it to end, and returns when it is gone.</summary>
    public Task Stop() => process.Stop();

    /// <summary>Ends it at once, as a crash does.</summary>
    public Task Kill() => process.Kill();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => process.DisposeAsync();

    Task<string> Event(string jid, string what) =>
        process.Line(
            line =>
                line.Contains($"jid={jid} ", StringComparison.Ordinal) && line.EndsWith(what, StringComparison.Ordinal),
            $"'{what}' of job {jid}"
        );

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
