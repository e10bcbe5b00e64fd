namespace MassTransit;

/// <summary>What a batch is, and what is sent when it comes to something.</summary>
public interface ISidekiqBatchConfigurator
{
    /// <summary>
    /// Its id: 1 to 64 letters, digits, '-' and '_'. Set it to start the same batch again after a failure, such as to a consumer's
    /// message id: one that was filled is not filled twice. Default: a new one.
    /// </summary>
    string? Id { set; }

    /// <summary>What people see of it.</summary>
    string? Description { set; }

    /// <summary>
    /// The id of a batch that waits for this one, as for a job of its own: it must be open, such as that of the job which starts this one.
    /// </summary>
    string? ParentId { set; }

    /// <summary>
    /// Sends a message once when each job has run at least once, whatever came of it, and all inner batches have.
    /// </summary>
    /// <param name="address">A queue, such as <c>queue:imports</c>, of .NET or of Ruby.</param>
    /// <param name="message">The message. Its job is written now, and pushed in the step that ends the last job.</param>
    void OnComplete<T>(Uri address, T message)
        where T : class;

    /// <summary>
    /// Sends a message once when the last job has ended: each has succeeded, or was dropped (it expired, was cancelled or deleted). A
    /// dead job holds it up until somebody retries or deletes it.
    /// </summary>
    /// <param name="address">A queue, such as <c>queue:imports</c>, of .NET or of Ruby.</param>
    /// <param name="message">The message. Its job is written now, and pushed in the step that ends the last job.</param>
    void OnSuccess<T>(Uri address, T message)
        where T : class;

    /// <summary>Sends a message once when the first job dies, here or in an inner batch.</summary>
    /// <param name="address">A queue, such as <c>queue:imports</c>, of .NET or of Ruby.</param>
    /// <param name="message">The message. Its job is written now, and pushed in the step that buries the job.</param>
    void OnDeath<T>(Uri address, T message)
        where T : class;
}
