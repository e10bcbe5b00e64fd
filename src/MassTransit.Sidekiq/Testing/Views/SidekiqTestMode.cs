namespace MassTransit.Testing;

/// <summary>What becomes of a message that a bus under test sends.</summary>
public enum SidekiqTestMode
{
    /// <summary>It waits in memory as the job that it would be, until the test runs it. No Redis; as Sidekiq's <c>Testing.fake!</c>.</summary>
    Fake,

    /// <summary>
    /// Its consumer runs before the send returns, and an exception of the consumer reaches the sender. A scheduled message waits
    /// until the test runs it, and so does a job for a queue that no endpoint of this process takes jobs from. No Redis; as
    /// Sidekiq's <c>Testing.inline!</c>.
    /// </summary>
    Inline,

    /// <summary>It waits in the Redis that the bus is configured with, until the test runs it or Ruby takes it. Give each test a database of its own.</summary>
    Redis,
}
