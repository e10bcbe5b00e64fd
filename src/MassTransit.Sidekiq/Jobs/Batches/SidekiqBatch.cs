namespace MassTransit;

/// <summary>A batch, as it stands.</summary>
public sealed record SidekiqBatch
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What its starter says of it.</summary>
    public string? Description { get; init; }

    /// <summary>The batch around it, whose callbacks wait for this one. Null for none.</summary>
    public string? ParentId { get; init; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>How many jobs were added, inner batches included.</summary>
    public long Total { get; init; }

    /// <summary>How many of them have not ended yet: they wait, run, are retried, or are dead.</summary>
    public long Pending { get; init; }

    /// <summary>How many of those have failed at least once.</summary>
    public long Failed { get; init; }

    /// <summary>How many of those are dead.</summary>
    public long Dead { get; init; }

    /// <summary>How many attempts have failed in all.</summary>
    public long Failures { get; init; }

    /// <summary>How many ended without success: they expired, were cancelled or deleted.</summary>
    public long Dropped { get; init; }

    /// <summary>How many have ended, whether they succeeded or were dropped.</summary>
    public long Done => Total - Pending;

    /// <summary>Whether all that is to be added has arrived. Until then no callback comes but that of a death.</summary>
    public bool IsFilled { get; init; }

    /// <summary>When each job had run at least once. Null while one has not.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When the last job had ended, none of them dead. Null until then.</summary>
    public DateTimeOffset? SucceededAt { get; init; }

    /// <summary>When the first job died. Null while none has.</summary>
    public DateTimeOffset? DiedAt { get; init; }
}
