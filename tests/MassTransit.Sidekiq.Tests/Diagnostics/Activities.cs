namespace MassTransit.Sidekiq.Tests.Diagnostics;

// The tests that listen to MassTransit's activities, and those that must run without a listener: listeners belong to the whole process.
// The classes of one collection run one after the other.
static class Activities
{
    public const string Collection = "MassTransit's activities";
}
