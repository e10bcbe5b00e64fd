namespace MassTransit.Sidekiq;

// How many messages this process has drained in the last 60 seconds, by the second.
internal sealed class DrainedMinute<TDbContext>(TimeProvider clock)
{
    const int Seconds = 60;

    readonly Lock gate = new();
    readonly (long Second, long Count)[] slots = new (long, long)[Seconds];

    public long Count
    {
        get
        {
            lock (gate)
            {
                var now = Now;
                return slots.Where(slot => slot.Second > now - Seconds).Sum(slot => slot.Count);
            }
        }
    }

    long Now => clock.GetTimestamp() / clock.TimestampFrequency;

    public void Add(int messages)
    {
        lock (gate)
        {
            var now = Now;
            ref var slot = ref slots[now % Seconds];
            slot = (now, (slot.Second == now ? slot.Count : 0) + messages);
        }
    }
}
