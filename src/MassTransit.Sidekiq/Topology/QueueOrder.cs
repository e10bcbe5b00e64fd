namespace MassTransit.Sidekiq;

// The order in which the queues of an endpoint are checked for jobs, by Sidekiq's rules: always the same (strict), or drawn
// for each fetch so that a queue of weight 3 is first three times as often as one of weight 1 (weighted).
internal sealed class QueueOrder(string endpoint) : ISidekiqQueuesConfigurator, ISpecification
{
    readonly List<string> names = [endpoint];
    readonly List<int> weights = [0];
    readonly List<string> faults = [];
    bool named;

    public IReadOnlyList<string> Names => names;

    public IReadOnlyList<int> Weights => weights;

    public bool IsWeighted => weights[0] > 0;

    public ISidekiqQueuesConfigurator Strict(string queue) => Add(queue, weight: 0);

    public ISidekiqQueuesConfigurator Weighted(string queue, int weight)
    {
        if (weight < 1)
        {
            faults.Add(
                $"queue '{queue}' has the weight {weight}. A weight is at least 1; leave the queue out to ignore it."
            );
        }

        return Add(queue, Math.Max(1, weight));
    }

    // Fills `order` with the positions of the queues, drawn by weight; the first is checked first.
    public void Shuffle(Span<int> order, Random random)
    {
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        for (var i = 0; i < order.Length - 1; i++)
        {
            // A weight may be any int, and their sum more.
            var total = 0L;
            foreach (var queue in order[i..])
            {
                total += weights[queue];
            }

            var ticket = random.NextInt64(total);
            var chosen = i;
            while (ticket >= weights[order[chosen]])
            {
                ticket -= weights[order[chosen++]];
            }

            (order[i], order[chosen]) = (order[chosen], order[i]);
        }
    }

    public IEnumerable<ValidationResult> Validate()
    {
        foreach (var fault in faults)
        {
            yield return this.Failure("Queues", fault);
        }

        foreach (var name in names)
        {
            if (QueueName.Fault(name, "Rename it.") is { } fault)
            {
                yield return this.Failure("Queues", fault);
            }
        }

        foreach (var twice in names.GroupBy(name => name, StringComparer.Ordinal).Where(same => same.Skip(1).Any()))
        {
            yield return this.Failure(
                "Queues",
                $"queue '{twice.Key}' is named twice. Name each once; give it a weight to prefer it."
            );
        }

        if (weights.Exists(weight => weight > 0) && weights.Exists(weight => weight == 0))
        {
            yield return this.Failure(
                "Queues",
                "some queues are strict and some weighted. Use one kind for all queues of an endpoint."
            );
        }
    }

    QueueOrder Add(string queue, int weight)
    {
        if (!named)
        {
            named = true;
            names.Clear();
            weights.Clear();
        }

        names.Add(queue);
        weights.Add(weight);

        return this;
    }
}
