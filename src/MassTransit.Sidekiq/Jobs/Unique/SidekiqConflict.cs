namespace MassTransit;

/// <summary>What becomes of a job that is sent while another one is unique.</summary>
public enum SidekiqConflict
{
    /// <summary>It is dropped: the send succeeds, and its context has a <see cref="JobConflict" />.</summary>
    Drop,

    /// <summary>The send throws <see cref="JobNotUniqueException" />. A publish then reaches none of its subscribers.</summary>
    Throw,

    /// <summary>It takes the place of the other one if that waits in the scheduled set; otherwise it is dropped.</summary>
    Replace,
}
