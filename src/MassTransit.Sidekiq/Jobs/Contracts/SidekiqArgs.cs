namespace MassTransit;

/// <summary>How a message becomes the arguments of a job.</summary>
public enum SidekiqArgs
{
    /// <summary>One argument, an object with the message's properties: <c>def perform(order)</c>.</summary>
    Hash,

    /// <summary>
    /// One argument for each property, in the order of the record's constructor or of <see cref="SidekiqArgAttribute"/>:
    /// <c>def perform(order_id, total, currency = "EUR")</c>.
    /// </summary>
    Positional,

    /// <summary>The keyword arguments of an ActiveJob, in ActiveJob's wrapper: <c>def perform(order_id:, total:)</c>.</summary>
    ActiveJob,

    /// <summary>
    /// One argument of an ActiveJob for each property, in ActiveJob's wrapper, in the order of <see cref="Positional"/>:
    /// <c>def perform(order_id, total)</c>.
    /// </summary>
    ActiveJobPositional,
}
