namespace MassTransit;

/// <summary>What a consumer's messages take over from the job that it consumes.</summary>
[Flags]
public enum SidekiqPassOn
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The keys <c>cattr</c>, <c>cattr_1</c> and so on, which Sidekiq's middleware for Rails's CurrentAttributes writes and reads.</summary>
    CurrentAttributes = 1,

    /// <summary>The key <c>locale</c>, which Sidekiq's middleware for I18n writes and reads.</summary>
    Locale = 2,

    /// <summary>The tags. A message that has tags of its own keeps those.</summary>
    Tags = 4,

    /// <summary>All of these.</summary>
    All = CurrentAttributes | Locale | Tags,
}
