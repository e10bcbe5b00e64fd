using System.Runtime.CompilerServices;

namespace MassTransit.Sidekiq;

// Awaiting it runs `work` on this thread and continues on another one, so that `work` starts without waiting for a thread.
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
