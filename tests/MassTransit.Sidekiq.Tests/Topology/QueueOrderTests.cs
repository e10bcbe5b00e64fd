using FsCheck.Fluent;
using MassTransit.Sidekiq.Tests.Jobs;

namespace MassTransit.Sidekiq.Tests.Topology;

public class QueueOrderTests
{
    [Fact]
    public void Endpoint_has_the_queue_of_its_name_unless_others_are_named()
    {
        var order = new QueueOrder("orders");
        Assert.Equal(["orders"], order.Names);
        Assert.Equal([0], order.Weights);
        Assert.False(order.IsWeighted);

        order.Strict("urgent").Strict("mail");

        Assert.Equal(["urgent", "mail"], order.Names);
        Assert.Equal([0, 0], order.Weights);
        Assert.False(order.IsWeighted);
    }

    [Fact]
    public void Weighted_queues_keep_their_weights()
    {
        var order = Weighted(3, 1);

        Assert.Equal(["queue0", "queue1"], order.Names);
        Assert.Equal([3, 1], order.Weights);
        Assert.True(order.IsWeighted);
    }

    [Fact]
    public void Each_queue_is_asked_once_whatever_the_weights() =>
        Prop.ForAll(
                Arb.From(Gen.NonEmptyListOf(Gen.Choose(1, 1000))),
                Arb.From(Gen.Choose(0, int.MaxValue)),
                (weights, seed) =>
                {
                    var order = Shuffled(Weighted([.. weights]), new Random(seed));

                    return order.Order().SequenceEqual(Enumerable.Range(0, weights.Count));
                }
            )
            .Holds();

    [Fact]
    public void Queue_of_weight_3_is_first_three_times_as_often_as_one_of_weight_1()
    {
        const int Draws = 12_000;
        var (order, random) = (Weighted(1, 3, 2), new Random(1));

        var firsts = Enumerable
            .Range(0, Draws)
            .Select(_ => Shuffled(order, random)[0])
            .CountBy(first => first)
            .ToDictionary();

        // Four times the deviation that is usual, or less.
        Assert.InRange(firsts[0], (Draws / 6) - 165, (Draws / 6) + 165);
        Assert.InRange(firsts[1], (Draws / 2) - 220, (Draws / 2) + 220);
        Assert.InRange(firsts[2], (Draws / 3) - 207, (Draws / 3) + 207);
    }

    [Fact]
    public void Queues_behind_the_first_are_drawn_by_their_weights_as_well()
    {
        const int Draws = 12_000;
        var (order, random) = (Weighted(1_000_000, 1, 3), new Random(1));

        var second = Enumerable.Range(0, Draws).Count(_ => Shuffled(order, random)[1] == 2);

        Assert.InRange(second, (Draws * 3 / 4) - 190, (Draws * 3 / 4) + 190);
    }

    [Fact]
    public void Weights_may_be_as_large_as_they_can_be_written()
    {
        var order = Shuffled(Weighted(int.MaxValue, int.MaxValue, 1), new Random(1));

        Assert.Equal([0, 1, 2], order.Order());
    }

    [Fact]
    public void Queues_of_either_kind_are_without_fault()
    {
        Assert.Empty(new QueueOrder("orders").Validate());
        Assert.Empty(Weighted(3, 1).Validate());
        Assert.Empty(Faults(order => order.Strict("urgent").Strict("mail")));
    }

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        var faults = Faults(order => order.Strict("a").Weighted("b b", 0).Strict("a"));

        Assert.Equal(
            [
                "queue 'b b' has the weight 0. A weight is at least 1; leave the queue out to ignore it.",
                "Queue name 'b b' contains a space. Sidekiq's Web UI can open only queues made of letters, digits, '-', '_', "
                    + "'.' and ':'. Rename it.",
                "queue 'a' is named twice. Name each once; give it a weight to prefer it.",
                "some queues are strict and some weighted. Use one kind for all queues of an endpoint.",
            ],
            faults
        );
    }

    static QueueOrder Weighted(params int[] weights)
    {
        var order = new QueueOrder("orders");
        for (var queue = 0; queue < weights.Length; queue++)
        {
            order.Weighted($"queue{queue}", weights[queue]);
        }

        return order;
    }

    static int[] Shuffled(QueueOrder queues, Random random)
    {
        var order = new int[queues.Names.Count];
        queues.Shuffle(order, random);

        return order;
    }

    static string[] Faults(Action<QueueOrder> configure)
    {
        var order = new QueueOrder("orders");
        configure(order);

        return [.. order.Validate().Select(fault => fault.Message)];
    }
}
