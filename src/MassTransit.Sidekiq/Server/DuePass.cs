namespace MassTransit.Sidekiq;

// Moves the due members of one set, up to 100 at a time. Members that stay (a job that Ruby should move, or one that Redis
// refuses) are skipped, so that they delay neither other members nor the other set; each cause is logged once. Since there may
// be many, they are checked again only every ten seconds; in between, only members that became due since.
internal sealed class DuePass(DueSet set, DueJobStore store, RubyJobs ruby, SidekiqTimeFormat times, TimeProvider clock)
{
    const int MostCauses = 1000;

    static readonly TimeSpan wholeInterval = TimeSpan.FromSeconds(10);

    // A process that schedules a job for this instant may have a clock that is behind.
    static readonly TimeSpan overlap = TimeSpan.FromSeconds(2);

    readonly HashSet<string> refused = new(StringComparer.Ordinal);
    DateTimeOffset? lastWhole;
    DateTimeOffset last;
    bool isRefused;

    // How many due members were skipped, as far as is known.
    public long Left { get; private set; }

    public async Task Run(CancellationToken cancellationToken)
    {
        var started = clock.GetUtcNow();
        var isWhole = !(Left > 0 && started - lastWhole < wholeInterval);
        try
        {
            await Run(isWhole ? null : last - overlap, cancellationToken).ConfigureAwait(false);
            (last, lastWhole) = (started, isWhole ? started : lastWhole);
            isRefused = false;
        }
        catch (SidekiqRedisException refusal)
        {
            if (!isRefused)
            {
                isRefused = true;
                LogContext.Warning?.Log(refusal, "Redis refuses the set {Set}: nothing in it is moved", set);
            }

            // The set itself counts as due, so that it is checked again.
            Left = Math.Max(Left, 1);
        }
    }

    async Task Run(DateTimeOffset? from, CancellationToken cancellationToken)
    {
        if (from is null)
        {
            Left = 0;
        }

        DueMember? passed = null;
        IReadOnlyList<DueMember> due;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = clock.GetUtcNow();
            due = await store.ReadDue(set, now, passed, from).ConfigureAwait(false);
            var left = await Move(due, now).ConfigureAwait(false);
            Left += left.Count;
            passed = left.Count > 0 ? due[left.Max()] : passed;
        } while (due.Count >= DueJobStore.MostJobs);
    }

    // Returns the positions of those that stay.
    async Task<List<int>> Move(IReadOnlyList<DueMember> due, DateTimeOffset now)
    {
        var (pushes, at, left) = (new List<DueMove>(due.Count), new List<int>(due.Count), new List<int>());
        for (var i = 0; i < due.Count; i++)
        {
            if (DueMove.Of(due[i].Json, now, times) is not { } push)
            {
                if (!await Bury(due[i], now).ConfigureAwait(false))
                {
                    left.Add(i);
                }
            }
            else if (await ruby.Has(push, due[i].Due, now).ConfigureAwait(false))
            {
                left.Add(i);
            }
            else
            {
                pushes.Add(push);
                at.Add(i);
            }
        }

        var pushed = await store.PushDue(set, pushes, keepsTurn: true).ConfigureAwait(false);
        foreach (var position in pushed.Refused)
        {
            PassOver(pushes[position].Queue, pushed.Refusal!);
            left.Add(at[position]);
        }

        foreach (var position in at.Except(left))
        {
            SidekiqMeter.RecordLag(set.Name(), now - due[position].Due);
        }

        return left;
    }

    // False when it stays where it is.
    async Task<bool> Bury(DueMember member, DateTimeOffset now)
    {
        try
        {
            if (await store.BuryUnreadable(set, member.Json, now).ConfigureAwait(false))
            {
                LogContext.Warning?.Log(
                    "Buried a member of {Set} that is not a job: it has no class, no array of arguments, or is not JSON",
                    set
                );
            }

            return true;
        }
        catch (SidekiqRedisException refusal)
        {
            PassOver("dead", refusal.Message);
            return false;
        }
    }

    void PassOver(string where, string refusal)
    {
        if (RedisErrors.IsFull(refusal))
        {
            // Redis would refuse all of them, but may have memory again in a moment.
            throw new ConnectionException($"Redis has no memory left to move due jobs: {refusal}", isTransient: true);
        }

        if (refused.Count < MostCauses && refused.Add(where))
        {
            LogContext.Warning?.Log(
                "Due jobs of {Set} for {Queue} stay there, and are skipped until Redis accepts them: {Refusal}",
                set,
                where,
                refusal
            );
        }
    }
}
