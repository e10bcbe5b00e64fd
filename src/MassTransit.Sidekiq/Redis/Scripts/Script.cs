using System.Security.Cryptography;
using System.Text;

namespace MassTransit.Sidekiq;

// The atomic steps. Each is a file in Scripts/ that opens with its contract, run by the hash of its source.
internal sealed class Script
{
    public static readonly Script Arrive = new("arrive", "batch", "join_batch");
    public static readonly Script Beat = new("beat");
    public static readonly Script BuryUnreadable = new("bury_unreadable", "batch");
    public static readonly Script Bury = new("bury", "batch");
    public static readonly Script Cancel = new("cancel");
    public static readonly Script CancelScheduled = new("cancel_scheduled", "batch");
    public static readonly Script Clear = new("clear");
    public static readonly Script Claim = new("claim");
    public static readonly Script Count = new("count");
    public static readonly Script CreateBatch = new("create_batch", "batch", "join_batch");
    public static readonly Script DeclareLimits = new("declare_limits");
    public static readonly Script DeleteBatch = new("delete_batch", "batch");
    public static readonly Script EndLease = new("end_lease");
    public static readonly Script EndTied = new("end_tied", "batch");
    public static readonly Script FindCancelled = new("find_cancelled");
    public static readonly Script FindDatabases = new("find_databases");
    public static readonly Script FindFilled = new("find_filled");
    public static readonly Script FindJobs = new("find_jobs");
    public static readonly Script FindRefused = new("find_refused");
    public static readonly Script FreeLimits = new("free_limits");
    public static readonly Script Interrupt = new("interrupt");
    public static readonly Script KeepLedger = new("keep_ledger");
    public static readonly Script KeepLimits = new("keep_limits");
    public static readonly Script KeepLocks = new("keep_locks");
    public static readonly Script KeepTemporary = new("keep_temporary");
    public static readonly Script Leave = new("leave");
    public static readonly Script Look = new("look");
    public static readonly Script MakeLasting = new("make_lasting");
    public static readonly Script MarkDeploy = new("mark_deploy");
    public static readonly Script Move = new("move", "batch");
    public static readonly Script MoveNext = new("move_next");
    public static readonly Script MoveWaiting = new("move_waiting");
    public static readonly Script Note = new("note");
    public static readonly Script Page = new("page");
    public static readonly Script Prune = new("prune");
    public static readonly Script Publish = new("publish", "each_subscription");
    public static readonly Script PublishTied = new(
        "publish",
        "each_subscription",
        "tie_copies",
        "batch",
        "join_batch"
    );
    public static readonly Script PushChanged = new("push_changed");
    public static readonly Script PushDue = new("push_due");
    public static readonly Script PushTemporary = new("push_temporary");
    public static readonly Script PushTied = new("push_tied", "batch", "join_batch");
    public static readonly Script PutOff = new("put_off");
    public static readonly Script Purge = new("purge");
    public static readonly Script ReadDue = new("read_due");
    public static readonly Script ReadLimits = new("read_limits");
    public static readonly Script ReadIterations = new("read_iterations");
    public static readonly Script RegisterPeriodic = new("register_periodic");
    public static readonly Script Release = new("release");
    public static readonly Script ReleaseLock = new("release_lock");
    public static readonly Script RemoveTemporary = new("remove_temporary");
    public static readonly Script RemoveTied = new("remove_tied", "batch");
    public static readonly Script Renew = new("renew");
    public static readonly Script Replace = new("replace");
    public static readonly Script ReplaceTied = new("replace_tied", "batch", "join_batch");
    public static readonly Script Requeue = new("requeue");
    public static readonly Script Rescue = new("rescue", "poison", "batch");
    public static readonly Script Reschedule = new("reschedule");
    public static readonly Script Retry = new("retry", "batch");
    public static readonly Script ReturnLanding = new("return_landing");
    public static readonly Script RunPeriodic = new("run_periodic", "publish", "each_subscription", "tie_copies");
    public static readonly Script SealBatch = new("seal_batch", "batch");
    public static readonly Script SaveIteration = new("save_iteration");
    public static readonly Script Schedule = new("schedule");
    public static readonly Script Signal = new("signal");
    public static readonly Script Subscribe = new("subscribe");
    public static readonly Script TakeLanded = new("take_landed");
    public static readonly Script TakeLimits = new("take_limits", "limit_kinds", "limit_lines");
    public static readonly Script TakeTurn = new("take_turn");
    public static readonly Script Watch = new("watch");

    // Each part replaces the line that names its file; where it is left out, that line is a comment.
    Script(string name, params string[] parts)
    {
        Name = name;
        Text = parts.Aggregate(
            Read(name),
            (text, part) => text.Replace($"-- {part}.lua\n", Read(part), StringComparison.Ordinal)
        );
#pragma warning disable CA5350 // Redis names scripts by their SHA-1
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350
        HashText = Convert.ToHexStringLower(Hash);
    }

    public string Name { get; }

    public string Text { get; }

    public byte[] Hash { get; }

    public string HashText { get; }

    static string Read(string name)
    {
        using var stream =
            typeof(Script).Assembly.GetManifestResourceStream(name + ".lua")
            ?? throw new InvalidOperationException($"Script '{name}.lua' is not embedded in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
