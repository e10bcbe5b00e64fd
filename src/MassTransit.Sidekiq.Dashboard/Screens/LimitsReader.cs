namespace MassTransit.Sidekiq;

internal sealed class LimitsReader(ISidekiqInspector inspector)
{
    // The key of a limit is a part of messages: it is hidden where some of them are.
    public async Task<Page?> Read(DashboardCall call)
    {
        var limits = await inspector.Limits(call.Aborted).ConfigureAwait(false);
        return Page.Of<Pages.LimitsPage>("Limits", call.HidesMessages ? [.. limits.Select(WithoutKeys)] : limits);
    }

    static SidekiqLimit WithoutKeys(SidekiqLimit limit) =>
        limit with
        {
            Uses = [.. limit.Uses.Select(use => use with { Key = use.Key is null ? null : "hidden" })],
        };
}
