using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Demo;

/// What the demo shows, step by step. A step is something done, and the lines with which each receiver says what arrived;
/// the time beside a line is counted from the beginning of the step.
sealed class Story(Shop shop)
{
    long stepBegan;
    int steps;

    public async Task Tell(CancellationToken cancellationToken)
    {
        Step(".NET publishes an event: two .NET subscribers and a Ruby one get a copy each");
        var order = await Submit("Ada", cancellationToken);
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} of Ada submitted");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} has its stock reserved");
        await Arrives(shop.Ruby, cancellationToken, $"Report counts order {order} of Ada");

        Step("The .NET saga has sent a Ruby worker a job with positional arguments");
        await Arrives(shop.Ruby, cancellationToken, "Invoice INV-", $"over 59.90 EUR for order {order}");

        Step("Ruby has enqueued a job for the .NET saga");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} invoiced as INV-");

        Step("Request and response: the API asks the saga");
        await Shows(order, "Invoiced", cancellationToken);

        Step("The order is paid: the saga ships it and sends a Ruby worker a job with one hash");
        await Post($"orders/{order}/payment", cancellationToken);
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} paid and shipped");
        await Arrives(shop.Ruby, cancellationToken, "Notice to Ada", order);
        await Shows(order, "Shipped", cancellationToken);

        Step("An order that nobody pays: a message scheduled 3 s ahead cancels it");
        var unpaid = await Submit("Bob", cancellationToken);
        await Arrives(shop.Dotnet, cancellationToken, $"Order {unpaid} invoiced as INV-");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {unpaid} not paid in time and cancelled");
        await Shows(unpaid, "Cancelled", cancellationToken);

        Console.WriteLine($"\nAll {steps} steps arrived.");
    }

    void Step(string title)
    {
        stepBegan = Stopwatch.GetTimestamp();
        Console.WriteLine($"\n{++steps}. {title}");
    }

    async Task<string> Submit(string customer, CancellationToken cancellationToken)
    {
        var order = new { customer, total = 59.90m };
        using var answer = await shop.Api.PostAsJsonAsync("orders", order, cancellationToken);
        Check("POST /orders", answer);

        var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return accepted.GetProperty("orderId").GetString()!;
    }

    async Task Post(string path, CancellationToken cancellationToken)
    {
        using var answer = await shop.Api.PostAsync(path, content: null, cancellationToken);
        Check($"POST /{path}", answer);
    }

    async Task Shows(string order, string state, CancellationToken cancellationToken)
    {
        using var answer = await shop.Api.GetAsync($"orders/{order}", cancellationToken);
        Check($"GET /orders/{order}", answer);
        var shown = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!shown.Contains($"\"state\":\"{state}\"", StringComparison.Ordinal))
        {
            throw new DemoException($"The order should be {state}, but the API says {shown}");
        }

        Print("HTTP", $"{order} is {state}", Stopwatch.GetTimestamp());
    }

    async Task Arrives(ChildProcess receiver, CancellationToken cancellationToken, params string[] texts)
    {
        var heard = await receiver.Line(cancellationToken, texts);
        Print(receiver.Name, Message(heard.Text), heard.At);
    }

    void Check(string request, HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new DemoException($"{request} answered {(int)answer.StatusCode} {answer.ReasonPhrase}");
        }

        Print("HTTP", $"{request} -> {(int)answer.StatusCode}", Stopwatch.GetTimestamp());
    }

    /// A line may have been there before its step began: then it came with the step before.
    void Print(string who, string what, long at)
    {
        var time = at < stepBegan ? "before" : $"{Stopwatch.GetElapsedTime(stepBegan, at).TotalMilliseconds:0} ms";
        Console.WriteLine($"   {time, 8}  {who, -5} {what}");
    }

    /// The message in a line of a JSON log, or of Sidekiq's.
    public static string Message(string line)
    {
        if (line.StartsWith('{'))
        {
            return JsonElement.Parse(line).GetProperty("Message").GetString()!;
        }

        var message = line.IndexOf("INFO: ", StringComparison.Ordinal);
        return message < 0 ? line : line[(message + "INFO: ".Length)..];
    }
}
