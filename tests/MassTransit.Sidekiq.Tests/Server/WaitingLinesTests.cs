using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class WaitingLinesTests
{
    [Fact]
    public async Task First_queues_that_ask_get_a_line_and_the_others_when_one_is_given_back()
    {
        await using var steps = await RedisSteps.Open();
        await using var lines = Lines(steps, most: 2);
        var first = lines.Take("orders", isTemporary: false);
        Assert.NotNull(first);
        Assert.NotNull(lines.Take("mails", isTemporary: false));
        Assert.Null(lines.Take("reports", isTemporary: false));
        Assert.Null(lines.Take("reports", isTemporary: false));

        await lines.GiveBack(first, isTemporary: false);

        Assert.NotNull(lines.Take("reports", isTemporary: false));
        Assert.Null(lines.Take("orders", isTemporary: false));
    }

    [Fact]
    public async Task Answers_have_lines_of_their_own_which_are_nobody_elses()
    {
        await using var steps = await RedisSteps.Open();
        await using var lines = Lines(steps, most: 0);

        var answers = lines.Take("answers", isTemporary: true);
        Assert.NotNull(answers);
        await lines.GiveBack(answers, isTemporary: true);

        Assert.Null(lines.Take("orders", isTemporary: false));
    }

    [Fact]
    public async Task No_more_get_a_line_than_there_are_though_all_ask_at_once()
    {
        await using var steps = await RedisSteps.Open();
        await using var lines = Lines(steps, most: 5);
        var taken = 0;

        Parallel.For(
            0,
            1000,
            queue =>
            {
                if (lines.Take($"queue{queue}", isTemporary: false) is not null)
                {
                    Interlocked.Increment(ref taken);
                }
            }
        );

        Assert.Equal(5, taken);
    }

    static WaitingLines Lines(RedisSteps steps, int most) =>
        new(most, steps.Claims, queue => new QueueWaiter(steps.Connection, steps.Keys, steps.Claims, queue));
}
