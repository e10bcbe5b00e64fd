using System.Runtime.CompilerServices;

namespace MassTransit.Sidekiq;

// The instants, half a second apart, at which everything wakes that waits for longer, and what waits for whole seconds at every
// second one. A process that has nothing to do wakes once or twice a second then, and not once for each of its loops and timers: a
// wake-up costs hundreds of microseconds however little is done, because the threads of the pool look for more work before they sleep.
internal static class Ticks
{
    static readonly TimeSpan half = TimeSpan.FromMilliseconds(500);

    // A timer may fire this much before its time, and must not fire for the same tick again.
    static readonly TimeSpan early = TimeSpan.FromMilliseconds(10);

    // Of each clock, so that processes which start one after the other do not wake together.
    static readonly ConditionalWeakTable<TimeProvider, object> firsts = [];

    public static ITimer Each(TimeSpan period, TimeProvider clock, Action action) =>
        clock.CreateTimer(_ => action(), null, Within(period, clock), period);

    // From now to the last tick within the pause; the pause itself where that is shorter than a tick.
    public static TimeSpan Within(TimeSpan pause, TimeProvider clock)
    {
        if (pause < half)
        {
            return pause;
        }

        var tick = pause.Ticks % TimeSpan.TicksPerSecond == 0 ? TimeSpan.FromSeconds(1) : half;
        var first = (long)firsts.GetValue(clock, static clock => clock.GetTimestamp());
        var after = (clock.GetElapsedTime(first) + pause).Ticks % tick.Ticks;
        return TimeSpan.FromTicks(pause.Ticks - (after > (tick - early).Ticks ? after - tick.Ticks : after));
    }
}
