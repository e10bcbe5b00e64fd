using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Demo;

// What the demo shows, step by step. A step is an action, and the log lines by which each receiver reports what arrived;
// the time beside a line is counted from the beginning of the step.
sealed class Story(Shop shop)
{
    static readonly NewOrder Ada = new("Ada", "tea", 59.90m, "ada-1");

    long stepBegan;
    int steps;

    public async Task Tell(CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();

        var coffee = await OrderWhatIsOutOfStock(cancellationToken);
        await OrderFromBothSides(cancellationToken);
        await OrderTwice(cancellationToken);
        await OrderWithoutPaying(cancellationToken);
        await SeeTheRetry(coffee, cancellationToken);

        Console.WriteLine($"\nAll {steps} steps arrived, in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s.");
    }

    async Task<string> OrderWhatIsOutOfStock(CancellationToken cancellationToken)
    {
        Step("An order for coffee, of which there is none: its job fails and waits in Sidekiq's retry set");
        var coffee = await Submit(
            new
            {
                customer = "Eve",
                item = "coffee",
                total = 12.00m,
            },
            cancellationToken
        );
        await Arrives(shop.Dotnet, cancellationToken, "Job ", "of queue stock", "There is no coffee left.");
        await Put("stock/coffee", new { available = 10 }, cancellationToken);

        return coffee;
    }

    async Task OrderFromBothSides(CancellationToken cancellationToken)
    {
        Step("An order and its event in one transaction: two .NET subscribers and a Ruby one get a copy each");
        var order = await Submit(Ada, cancellationToken);
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} of Ada submitted");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} has its tea reserved");
        await Arrives(shop.Ruby, cancellationToken, $"Report counts order {order} of Ada");

        Step("The .NET saga has sent a Ruby worker a job with positional arguments");
        await Arrives(shop.Ruby, cancellationToken, "Invoice INV-", $"over 59.90 EUR for order {order}");

        Step("Ruby has enqueued a job for the .NET saga");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} invoiced as INV-");
        await Shows(order, "state", "Invoiced", cancellationToken);

        Step("Request and response: the API asks the saga to pay, which ships and sends Ruby a job with one hash");
        await Pay(order, cancellationToken);
        await Arrives(shop.Dotnet, cancellationToken, $"Order {order} paid and shipped");
        await Arrives(shop.Ruby, cancellationToken, "Notice to Ada", order);
        await Shows(order, "state", "Shipped", cancellationToken);
    }

    async Task OrderTwice(CancellationToken cancellationToken)
    {
        Step("An order whose transaction is rolled back, since its reference was used: no message is sent");
        using var answer = await shop.Api.PostAsJsonAsync(
            "orders",
            Ada with
            {
                Customer = "Mallory",
            },
            cancellationToken
        );
        Check("POST /orders", answer, HttpStatusCode.Conflict);
    }

    async Task OrderWithoutPaying(CancellationToken cancellationToken)
    {
        Step("An order that nobody pays: a message scheduled 3 s ahead cancels it");
        var unpaid = await Submit(new NewOrder("Bob", "tea", 59.90m, "bob-1"), cancellationToken);
        await Arrives(shop.Dotnet, cancellationToken, $"Order {unpaid} invoiced as INV-");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {unpaid} not paid in time and cancelled");
        await Shows(unpaid, "state", "Cancelled", cancellationToken);

        // Published after Mallory's would have been, and arrived everywhere.
        IsSilent(shop.Dotnet, "Mallory");
        IsSilent(shop.Ruby, "Mallory");
    }

    async Task SeeTheRetry(string coffee, CancellationToken cancellationToken)
    {
        Step("The job that failed at first has been retried, with the coffee there");
        await Arrives(shop.Dotnet, cancellationToken, $"Order {coffee} has its coffee reserved");
        await Shows(coffee, "isReserved", "True", cancellationToken);
    }

    void Step(string title)
    {
        stepBegan = Stopwatch.GetTimestamp();
        Console.WriteLine($"\n{++steps}. {title}");
    }

    async Task<string> Submit(object order, CancellationToken cancellationToken)
    {
        using var answer = await shop.Api.PostAsJsonAsync("orders", order, cancellationToken);
        Check("POST /orders", answer);

        var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return accepted.GetProperty("orderId").GetString()!;
    }

    async Task Pay(string order, CancellationToken cancellationToken)
    {
        using var answer = await shop.Api.PostAsync($"orders/{order}/payment", content: null, cancellationToken);
        Check($"POST /orders/{order}/payment", answer);
    }

    async Task Put(string path, object content, CancellationToken cancellationToken)
    {
        using var answer = await shop.Api.PutAsJsonAsync(path, content, cancellationToken);
        Check($"PUT /{path}", answer, HttpStatusCode.NoContent);
    }

    // A line is written inside the transaction, and its effect is seen after it.
    async Task Shows(string order, string property, string expected, CancellationToken cancellationToken)
    {
        var shown = "";
        for (var attempt = 1; shown != expected; attempt++)
        {
            if (attempt > 100)
            {
                throw new DemoException(
                    $"The {property} of order {order} should be {expected}, but the API says {shown}"
                );
            }

            var answer = await shop.Api.GetFromJsonAsync<JsonElement>($"orders/{order}", cancellationToken);
            shown = answer.GetProperty(property).ToString();
            await Task.Delay(10, cancellationToken);
        }

        Print("HTTP", $"GET /orders/{order} -> {property} is {shown}", Stopwatch.GetTimestamp());
    }

    void IsSilent(ChildProcess process, string about)
    {
        if (process.Heard(about) is { } line)
        {
            throw new DemoException($"{process.Name} received {about}, whose order was rolled back: {line.Text}");
        }

        Print(process.Name, $"has received nothing of {about}", Stopwatch.GetTimestamp());
    }

    async Task Arrives(ChildProcess receiver, CancellationToken cancellationToken, params string[] texts)
    {
        var heard = await receiver.Line(cancellationToken, texts);
        Print(receiver.Name, Message(heard.Text), heard.At);
    }

    void Check(string request, HttpResponseMessage answer, HttpStatusCode? expected = null)
    {
        if (expected is null ? !answer.IsSuccessStatusCode : answer.StatusCode != expected)
        {
            throw new DemoException($"{request} answered {(int)answer.StatusCode} {answer.ReasonPhrase}");
        }

        Print("HTTP", $"{request} -> {(int)answer.StatusCode} {answer.ReasonPhrase}", Stopwatch.GetTimestamp());
    }

    // A line may be older than its step: then it came with the step before.
    void Print(string who, string what, long at)
    {
        var time = at < stepBegan ? "before" : $"{Stopwatch.GetElapsedTime(stepBegan, at).TotalMilliseconds:0} ms";
        Console.WriteLine($"   {time, 8}  {who, -5} {what}");
    }

    // The message in a line of a JSON log, or of Sidekiq's.
    public static string Message(string line)
    {
        if (line.StartsWith('{'))
        {
            return JsonElement.Parse(line).GetProperty("Message").GetString()!;
        }

        var message = line.IndexOf("INFO: ", StringComparison.Ordinal);
        return message < 0 ? line : line[(message + "INFO: ".Length)..];
    }

    sealed record NewOrder(string Customer, string Item, decimal Total, string Reference);
}
