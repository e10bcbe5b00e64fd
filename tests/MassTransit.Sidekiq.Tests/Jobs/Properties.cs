using FsCheck;

namespace MassTransit.Sidekiq.Tests.Jobs;

static class Properties
{
    static readonly Config config = Config.QuickThrowOnFailure.WithMaxTest(300).WithQuietOnSuccess(true);

    // Tries a property on 300 values; a failure names the value and the seed to try it again with.
    public static void Holds(this Property property) => property.Check(config);
}
