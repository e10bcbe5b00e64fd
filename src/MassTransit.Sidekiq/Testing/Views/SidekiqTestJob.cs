using System.Text;
using System.Text.Json;
using MassTransit.Sidekiq;

namespace MassTransit.Testing;

/// <summary>
/// A job that waits, as Ruby would see it. Each check returns the job, so that checks can be chained, and throws
/// <see cref="SidekiqTestException" /> with what the job has instead.
/// </summary>
public class SidekiqTestJob
{
    internal SidekiqTestJob(SidekiqJob job, string queue, DateTimeOffset? at) => (Job, Queue, At) = (job, queue, at);

    /// <summary>The job: its jid, options, tags, times, and every other key.</summary>
    public SidekiqJob Job { get; }

    /// <summary>The queue that it waits in, or goes to when it is due.</summary>
    public string Queue { get; }

    /// <summary>When it is due; null for a job that is not scheduled.</summary>
    public DateTimeOffset? At { get; }

    /// <summary>The Ruby class that runs it; for an ActiveJob, the class inside the wrapper.</summary>
    public string Class => Job.Wrapped ?? Job.Class ?? "";

    /// <summary>The arguments as JSON: <c>[{"orderId":7}]</c>.</summary>
    public string Args => Encoding.UTF8.GetString(Job.Args.Span);

    /// <summary>Checks the class.</summary>
    public SidekiqTestJob OfClass(string expected) => Check("class", expected, Class);

    /// <summary>Checks the queue.</summary>
    public SidekiqTestJob OnQueue(string expected) => Check("queue", expected, Queue);

    /// <summary>Checks the arguments: strings, numbers, booleans, null, or objects, which are compared as JSON, whatever the order of their keys.</summary>
    public SidekiqTestJob WithArgs(params object?[] expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        var options = JobBody.Create(SidekiqNaming.CamelCase);
        var array = $"[{string.Join(',', expected.Select(arg => JsonSerializer.Serialize(arg, options)))}]";
        using var wanted = JsonDocument.Parse(array);
        using var found = JsonDocument.Parse(Job.Args.IsEmpty ? "[]"u8.ToArray() : Job.Args);
        return JsonElement.DeepEquals(wanted.RootElement, found.RootElement) ? this : throw Fault("args", array, Args);
    }

    /// <summary>Checks how often it is retried: a number, true or false.</summary>
    public SidekiqTestJob WithRetry(SidekiqRetry expected) => Check("retry", expected.ToString(), Job.Retry.ToString());

    /// <summary>Checks the tags, in their order.</summary>
    public SidekiqTestJob WithTags(params string[] expected) =>
        Check("tags", string.Join(", ", expected), string.Join(", ", Job.Tags));

    /// <summary>Checks when it is due.</summary>
    /// <param name="expected">The time.</param>
    /// <param name="within">
    /// How far it may be off. Default: 5 seconds, since MassTransit schedules by a delay, and the job is due later by as long as
    /// the send took.
    /// </param>
    public SidekiqTestJob DueAt(DateTimeOffset expected, TimeSpan? within = null) =>
        At is { } at && (at - expected).Duration() <= (within ?? TimeSpan.FromSeconds(5))
            ? this
            : throw Fault("time", $"{expected:O}", At is { } time ? $"{time:O}" : "none: it is not scheduled");

    /// <summary>Checks any other key of the job, such as <c>unique_for</c>, <c>expires_in</c> or <c>backtrace</c>; null expects it to be absent.</summary>
    public SidekiqTestJob WithOption(string key, object? expected)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        using var wanted = JsonDocument.Parse(
            JsonSerializer.Serialize(expected, JobBody.Create(SidekiqNaming.CamelCase))
        );
        var isThere = Job.TryGet(key, out var found);
        return isThere
            ? JsonElement.DeepEquals(wanted.RootElement, found)
                ? this
                : throw Fault(key, wanted.RootElement.GetRawText(), found.GetRawText())
            : expected is null
                ? this
                : throw Fault(key, wanted.RootElement.GetRawText(), "none");
    }

    /// <summary>Queue, class, arguments and time, as the failures of a test list it.</summary>
    public override string ToString() =>
        $"{Queue}: {Class} {JobList.Shortened(Args)}{(At is { } at ? $" at {at:O}" : "")}";

    SidekiqTestJob Check(string what, string expected, string actual) =>
        string.Equals(expected, actual, StringComparison.Ordinal) ? this : throw Fault(what, expected, actual);

    SidekiqTestException Fault(string what, string expected, string actual) =>
        new($"Expected {what} {expected}, but it is {actual}, of job {Job.Jid}:{Environment.NewLine}  {this}");
}

/// <summary>The same with its message.</summary>
/// <typeparam name="T">The message.</typeparam>
public sealed class SidekiqTestJob<T> : SidekiqTestJob
    where T : class
{
    internal SidekiqTestJob(SidekiqTestJob job, T message)
        : base(job.Job, job.Queue, job.At) => Message = message;

    /// <summary>The message, read from the job as its consumer would read it.</summary>
    public T Message { get; }
}
