namespace MassTransit.Sidekiq.Outbox.Tests;

/// <summary>Tests that take the whole machine run one after another, when all others are through.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
