namespace MassTransit;

/// <summary>
/// Hides a property, or all of a type, wherever a job is shown: on Sidekiq's Busy page, in the dashboard, and in what
/// the inspector's <c>Redacted</c> returns. The job itself is untouched: a program that reads Redis, such as Ruby's
/// Web UI, sees the value, unless the message is encrypted.
/// </summary>
[AttributeUsage(
    AttributeTargets.Property
        | AttributeTargets.Parameter
        | AttributeTargets.Class
        | AttributeTargets.Struct
        | AttributeTargets.Interface,
    Inherited = false
)]
public sealed class SidekiqSecretAttribute : Attribute;
