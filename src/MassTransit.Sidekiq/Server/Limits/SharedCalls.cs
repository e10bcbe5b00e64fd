namespace MassTransit.Sidekiq;

/// <summary>
/// One call for what is asked concurrently.
/// 1. The first asks at once.
/// 2. What is asked while that is in flight is collected, and asked together when it is answered: many callers need few calls, and
///    a single one never waits.
/// Each caller gets its own answer, and the failure of the call that it was part of. `call` answers in the order of its items.
/// </summary>
internal sealed class SharedCalls<TItem, TAnswer>(
    int most,
    Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TAnswer>>> call
)
{
    readonly Lock gate = new();
    readonly Queue<Waiting> waiting = new();
    bool isBusy;

    public Task<TAnswer> Ask(TItem item)
    {
        var asked = new Waiting(item);
        lock (gate)
        {
            waiting.Enqueue(asked);
            if (isBusy)
            {
                return asked.Answer.Task;
            }

            isBusy = true;
        }

        _ = Run();
        return asked.Answer.Task;
    }

    async Task Run()
    {
        while (Next() is { Count: > 0 } batch)
        {
            try
            {
                var answers = await call([.. batch.Select(asked => asked.Item)]).ConfigureAwait(false);
                for (var i = 0; i < batch.Count; i++)
                {
                    batch[i].Answer.SetResult(answers[i]);
                }
            }
            catch (Exception fault)
            {
                batch.ForEach(asked => asked.Answer.TrySetException(fault));
            }
        }
    }

    List<Waiting> Next()
    {
        lock (gate)
        {
            var batch = new List<Waiting>(Math.Min(most, waiting.Count));
            while (batch.Count < most && waiting.TryDequeue(out var asked))
            {
                batch.Add(asked);
            }

            isBusy = batch.Count > 0;
            return batch;
        }
    }

    sealed record Waiting(TItem Item)
    {
        public TaskCompletionSource<TAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
