using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Deque.AxeCore.Commons;
using static MassTransit.Sidekiq.TestSupport.Eventually;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>A headless Chromium on one page, spoken to in its DevTools protocol.</summary>
public sealed class Browser : IAsyncDisposable
{
    static readonly string axe = new BundledAxeScriptProvider().GetScript();

    readonly ChildProcess process;
    readonly string profile;
    readonly ClientWebSocket socket = new();
    readonly List<string> errors = [];
    int lastId;

    Browser(ChildProcess process, string profile) => (this.process, this.profile) = (process, profile);

    /// <summary>What the page complained of: errors of the console, of scripts, of requests.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>Starts it on an empty page.</summary>
    public static async Task<Browser> Start()
    {
        var profile = Directory.CreateTempSubdirectory("orders-browser-").FullName;
        var process = ChildProcess.Start(
            Requires.Program("chromium", "chromium"),
            [
                "--headless",
                "--no-sandbox", // tests may run as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                $"--user-data-dir={profile}",
                "--remote-debugging-port=0",
                "about:blank",
            ]
        );
        var browser = new Browser(process, profile);
        await browser.Connect();

        return browser;
    }

    /// <summary>Opens a page and returns its text as soon as that has the wanted part in it.</summary>
    public async Task<string> Open(Uri page, string wanted)
    {
        await Call("Page.navigate", new { url = page.ToString() });

        var text = "";
        await Until(
            async () =>
            {
                var answer = await Ask("Runtime.evaluate", new { expression = "document.body?.innerText ?? ''" });
                if (!answer.TryGetProperty("result", out var result))
                {
                    // Another page is just taking the place of the one that was asked.
                    text = answer.GetRawText();
                    return false;
                }

                text = result.GetProperty("result").GetProperty("value").GetString()!;
                return text.Contains(wanted, StringComparison.Ordinal);
            },
            () => Task.FromResult($"{page} shows: {text}\n{string.Join('\n', errors)}")
        );

        return text;
    }

    /// <summary>The value of an expression of JavaScript in the page; a promise is awaited.</summary>
    public async Task<JsonElement> Evaluate(string expression)
    {
        var answer = await Call(
            "Runtime.evaluate",
            new
            {
                expression,
                awaitPromise = true,
                returnByValue = true,
            }
        );
        Assert.False(answer.TryGetProperty("exceptionDetails", out var fault), $"{expression}: {fault}");
        return answer.GetProperty("result").TryGetProperty("value", out var value) ? value : default;
    }

    /// <summary>Waits until an expression of JavaScript is true in the page.</summary>
    public Task Shows(string expression) =>
        Until(
            async () =>
            {
                var answer = await Ask("Runtime.evaluate", new { expression, returnByValue = true });
                return answer.TryGetProperty("result", out var result)
                    && result.GetProperty("result").TryGetProperty("value", out var value)
                    && value.ValueKind == JsonValueKind.True;
            },
            async () => $"{(await Evaluate("document.body.innerText")).GetString()}\n{string.Join('\n', errors)}",
            expression
        );

    /// <summary>The page as somebody sees it who has a screen of this size, in the dark or not.</summary>
    public async Task Look(int width, int height, bool dark)
    {
        await Call(
            "Emulation.setDeviceMetricsOverride",
            new
            {
                width,
                height,
                deviceScaleFactor = 1,
                mobile = width < 600,
            }
        );
        await Call(
            "Emulation.setEmulatedMedia",
            new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } }
        );
    }

    /// <summary>What axe finds wrong with the page for those who do not see it or use no mouse: each rule, and the first element that breaks it.</summary>
    public async Task<string[]> Barriers()
    {
        // The page's policy forbids scripts in it, and not those of the tools.
        await Evaluate(axe + "; undefined");
        var found = await Evaluate(
            "axe.run().then(({ violations }) => violations.map((found) => `${found.id}: ${found.help} ${found.nodes[0].html}`))"
        );
        return [.. found.EnumerateArray().Select(barrier => barrier.GetString()!)];
    }

    /// <summary>Writes the page as a picture.</summary>
    public async Task Picture(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var picture = await Call("Page.captureScreenshot", new { format = "png" });
        await File.WriteAllBytesAsync(
            path,
            picture.GetProperty("data").GetBytesFromBase64(),
            TestContext.Current.CancellationToken
        );
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        // Its helpers end when it does, if it ends in order, and write to the profile until then.
        await process.Stop();
        await process.DisposeAsync();
        Directory.Delete(profile, recursive: true);
    }

    async Task Connect()
    {
        var line = await process.Line("DevTools listening on ws://");
        var server = new Uri(line[line.IndexOf("ws://", StringComparison.Ordinal)..]);
        using var http = new HttpClient();
        var pages = JsonElement.Parse(await http.GetStringAsync($"http://{server.Authority}/json/list").InTime());
        var page = pages.EnumerateArray().First(target => target.GetProperty("type").GetString() == "page");

        await socket
            .ConnectAsync(
                new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!),
                TestContext.Current.CancellationToken
            )
            .InTime();
        await Call("Runtime.enable");
        await Call("Log.enable");
        await Call("Page.enable");
    }

    async Task<JsonElement> Call(string method, object? parameters = null)
    {
        var answer = await Ask(method, parameters);
        Assert.True(answer.TryGetProperty("result", out var result), $"{method}: {answer}");
        return result;
    }

    // The whole answer, which has a result or an error.
    async Task<JsonElement> Ask(string method, object? parameters = null)
    {
        var id = ++lastId;
        var request = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                id,
                method,
                @params = parameters ?? new { },
            }
        );
        await socket.SendAsync(
            request,
            WebSocketMessageType.Text,
            endOfMessage: true,
            TestContext.Current.CancellationToken
        );

        while (true)
        {
            var message = await Receive().InTime(method);
            if (message.TryGetProperty("id", out var answered) && answered.GetInt32() == id)
            {
                return message;
            }

            Note(message);
        }
    }

    async Task<JsonElement> Receive()
    {
        using var text = new MemoryStream();
        var buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            text.Write(buffer.AsSpan(0, part.Count));
        } while (!part.EndOfMessage);

        return JsonElement.Parse(Encoding.UTF8.GetString(text.ToArray()));
    }

    void Note(JsonElement message)
    {
        var what = message.GetProperty("params");
        var isError = message.GetProperty("method").GetString() switch
        {
            "Runtime.exceptionThrown" => true,
            "Runtime.consoleAPICalled" => what.GetProperty("type").GetString() is "error" or "assert",
            "Log.entryAdded" => IsError(what.GetProperty("entry")),
            _ => false,
        };
        if (isError)
        {
            errors.Add(what.GetRawText());
        }
    }

    // A site without an icon is no fault of its pages: the browser asks for one by itself, sooner or later.
    static bool IsError(JsonElement entry) =>
        entry.GetProperty("level").GetString() == "error"
        && !(
            entry.TryGetProperty("url", out var url)
            && url.GetString()!.EndsWith("/favicon.ico", StringComparison.Ordinal)
        );
}
