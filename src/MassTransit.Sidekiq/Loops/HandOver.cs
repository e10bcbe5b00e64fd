using System.Runtime.CompilerServices;

namespace MassTransit.Sidekiq;

// Awaiting it gives this thread to `work`, and continues on another one: `work` starts without waiting for a thread.
internal readonly struct HandOver(Action work) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public HandOver GetAwaiter() => this;

    public void GetResult() { }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        ThreadPool.UnsafeQueueUserWorkItem(static next => next(), continuation, preferLocal: false);
        work();
    }
}
