using System.Text.Json;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Real Ruby with the real Sidekiq gem, for what a Ruby application would do.</summary>
public static class Ruby
{
    static readonly Lazy<ChildProcess> Console = new(StartConsole);
    static readonly SemaphoreSlim Turn = new(1);
    static int lastRequest;

    /// <summary>
    /// Evaluates Ruby code in a process that stays, with Sidekiq's client and API connected to the database, and returns the value
    /// of its last expression. A call takes a millisecond or so; constants that one call defines are there in the next.
    /// <example><c>var jid = (await Ruby.Eval(redis, "Sidekiq::Client.push('class' => 'OkJob', 'args' => [1])")).GetString();</c></example>
    /// </summary>
    public static async Task<JsonElement> Eval(RedisDatabase redis, string code)
    {
        await Turn.WaitAsync().InTime("the Ruby console is free");
        try
        {
            var id = ++lastRequest;
            await Console.Value.Write(
                JsonSerializer.Serialize(
                    new
                    {
                        id,
                        url = redis.Url,
                        code,
                    }
                )
            );
            var line = await Console.Value.Line(
                line => line.StartsWith($"=>{id} ", StringComparison.Ordinal),
                $"the answer of Ruby to: {code}"
            );
            var answer = JsonElement.Parse(line[line.IndexOf(' ', StringComparison.Ordinal)..]);
            return answer.TryGetProperty("value", out var value)
                ? value
                : throw new RubyException($"{answer.GetProperty("error").GetString()}\nin: {code}");
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <summary>Pushes what is due in the retry and scheduled sets, as a Ruby poller would; returns when that is done.</summary>
    public static Task PushDueJobs(RedisDatabase redis) => Eval(redis, "Sidekiq::Scheduled::Enq.new.enqueue_jobs; nil");

    /// <summary>A page of Sidekiq's Web UI on the database: <c>Ruby.Page(redis, "/retries")</c>.</summary>
    public static Task<WebAnswer> Page(RedisDatabase redis, string path) => Web(redis, "GET", path, []);

    /// <summary>Presses a button of the Web UI: <c>Ruby.Press(redis, "/busy", ("identity", identity), ("quiet", "1"))</c>.</summary>
    public static Task<WebAnswer> Press(RedisDatabase redis, string path, params (string Name, string Value)[] form) =>
        Web(redis, "POST", path, form);

    /// <summary>Runs a Ruby file, or code, in a process of its own, and returns its standard output; fails with its errors.</summary>
    public static async Task<string> Run(string script, IReadOnlyDictionary<string, string>? environment = null)
    {
        var file = Script(script);
        string[] arguments = File.Exists(file) ? [file] : ["-e", script];
        await using var process = ChildProcess.Start(Requires.Program("ruby", "ruby-sidekiq"), arguments, environment);
        await process.Exited.InTime($"Ruby ends: {script}");
        return process.ExitCode == 0
            ? process.Output
            : throw new RubyException($"Ruby ended with {process.ExitCode}:\n{process.Dump()}");
    }

    /// <summary>An environment in which Ruby finds the gem of this repository: <c>require "sidekiq-masstransit"</c>.</summary>
    public static IReadOnlyDictionary<string, string> WithGem(RedisDatabase redis) =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["REDIS_URL"] = redis.Url,
            ["RUBYLIB"] = Repository.PathOf("ruby/sidekiq-masstransit/lib"),
        };

    /// <summary>The path of one of the test project's Ruby files, in its folder ruby/.</summary>
    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "ruby", name);

    internal static async Task Stop()
    {
        if (Console.IsValueCreated)
        {
            await Console.Value.DisposeAsync();
        }
    }

    static async Task<WebAnswer> Web(
        RedisDatabase redis,
        string method,
        string path,
        (string Name, string Value)[] form
    )
    {
        var fields = JsonSerializer.Serialize(form.ToDictionary(field => field.Name, field => field.Value));
        var answer = await Eval(redis, $"web('{method}', '{path}', JSON.parse(<<~'FORM'))\n{fields}\nFORM");
        return new WebAnswer(answer[0].GetInt32(), answer[1].GetString()!);
    }

    static ChildProcess StartConsole()
    {
        _ = Requires.Program("sidekiq", "ruby-sidekiq");
        return ChildProcess.Start(Requires.Program("ruby", "ruby-sidekiq"), [Script("console.rb")]);
    }
}

/// <summary>What the Web UI answered: 200 and a page, or 302 after a button.</summary>
public sealed record WebAnswer(int Status, string Body);

/// <summary>Ruby raised an error.</summary>
public sealed class RubyException(string message) : Exception(message);
