using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Xml;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// The one place where a test waits. Wait for an event of our own code with <see cref="InTime(Task, string?)"/>;
/// ask again and again with Until only for what another process does.
/// </summary>
public static class Eventually
{
    /// <summary>Longer than anything here takes on a loaded machine with two cores, so that only a real hang meets it.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until a condition holds; fails after the guard time with the text of the condition and the given state.</summary>
    public static async Task Until(
        Func<Task<bool>> condition,
        Func<Task<string>>? state = null,
        [CallerArgumentExpression(nameof(condition))] string text = ""
    )
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition().InTime(text))
        {
            if (Stopwatch.GetElapsedTime(started) > Guard)
            {
                var found = state is null ? "" : $"\n{await state().InTime()}";
                Assert.Fail(Printable($"Not so within {Guard.TotalSeconds} s: {text}{found}"));
            }

            // The condition belongs to another process, which cannot signal us.
#pragma warning disable RS0030
            await Task.Delay(Pause, TimeProvider.System, TestContext.Current.CancellationToken);
#pragma warning restore RS0030
        }
    }

    /// <summary>Waits until a condition holds; fails after the guard time with its text and the given state.</summary>
    public static Task Until(
        Func<bool> condition,
        Func<Task<string>>? state = null,
        [CallerArgumentExpression(nameof(condition))] string text = ""
    ) => Until(() => Task.FromResult(condition()), state, text);

    /// <summary>Awaits an event, and fails when it does not come within the guard time.</summary>
    public static Task InTime(this Task task, [CallerArgumentExpression(nameof(task))] string what = "") =>
        task.InTime(() => what);

    /// <summary>Awaits an event and its result, and fails when it does not come within the guard time.</summary>
    public static async Task<T> InTime<T>(this Task<T> task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await task.InTime(() => what);
        return await task;
    }

    /// <summary>Awaits an event, and fails with the text, made only then, when it does not come within the guard time.</summary>
    public static async Task InTime(this Task task, Func<string> what)
    {
        try
        {
            await task.WaitAsync(Guard, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            Assert.Fail(Printable($"Did not happen within {Guard.TotalSeconds} s: {what()}"));
        }
    }

    // What Redis holds may be bits, and the file of results is XML: one such character, and it ends there, with all other results.
    static string Printable(string message) =>
        string.Concat(
            message.Select(letter => XmlConvert.IsXmlChar(letter) ? letter.ToString() : $"\\u{(int)letter:x4}")
        );
}
