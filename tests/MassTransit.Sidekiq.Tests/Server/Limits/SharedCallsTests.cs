namespace MassTransit.Sidekiq.Tests.Server;

public sealed class SharedCallsTests
{
    [Fact]
    public async Task What_is_asked_while_a_call_is_under_way_shares_the_next_and_each_gets_its_own_answer()
    {
        var calls = new List<int[]>();
        var answered = new TaskCompletionSource();
        var shared = new SharedCalls<int, string>(
            3,
            async items =>
            {
                calls.Add([.. items]);
                await answered.Task;
                return [.. items.Select(item => $"{item}")];
            }
        );

        var asked = Enumerable.Range(1, 6).Select(shared.Ask).ToArray();
        answered.SetResult();

        Assert.Equal(["1", "2", "3", "4", "5", "6"], await Task.WhenAll(asked).InTime());
        Assert.Equal(
            [
                [1],
                [2, 3, 4],
                [5, 6],
            ],
            calls
        );
        Assert.Equal("7", await shared.Ask(7).InTime());
    }

    [Fact]
    public async Task Failure_of_a_call_is_that_of_those_who_shared_it_and_of_no_other()
    {
        var first = new TaskCompletionSource<IReadOnlyList<string>>();
        var shared = new SharedCalls<int, string>(
            10,
            items => items[0] == 1 ? first.Task : Task.FromResult<IReadOnlyList<string>>(["a", "b"])
        );

        var asked = new[] { shared.Ask(1), shared.Ask(2), shared.Ask(3) };
        first.SetException(new InvalidOperationException("no answer"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => asked[0].InTime());
        Assert.Equal(["a", "b"], await Task.WhenAll(asked[1..]).InTime());
    }
}
