namespace MassTransit.Sidekiq;

internal sealed record OutboxesView(IReadOnlyList<OutboxView> Outboxes)
{
    public static OutboxesView Of(IReadOnlyList<OutboxRow> rows) =>
        new([.. rows.Select(row => OutboxView.Of(row.Name, row.State, row.Fault))]);
}

// What an outbox holds; without a state its database does not answer, and the fault says so. No count goes beyond the limit.
internal sealed record OutboxView(string Name, OutboxStateView? State, string? Fault)
{
    public static OutboxView Of(string name, SidekiqOutboxState? state, string? fault = null) =>
        new(name, state is null ? null : OutboxStateView.Of(state), fault);
}

internal sealed record OutboxStateView(
    int Limit,
    int Pending,
    double OldestAgeSeconds,
    double HealthyAgeSeconds,
    bool IsBehind,
    int SetAside,
    int Inbox,
    long? DrainedLastMinute,
    int? Open,
    int? Dead
)
{
    public static OutboxStateView Of(SidekiqOutboxState state) =>
        new(
            state.Limit,
            state.Pending,
            state.OldestAge.TotalSeconds,
            state.HealthyAge.TotalSeconds,
            state.IsBehind,
            state.SetAside,
            state.Inbox,
            state.DrainedLastMinute,
            state.Open?.Count,
            state.Dead?.Count
        );
}

internal sealed record OutboxPageView(OutboxView Outbox, IReadOnlyList<SetAsideView> SetAside, long? Next)
{
    public static OutboxPageView Of(DashboardCall call, OutboxModel model) =>
        new(
            OutboxView.Of(model.Name, model.State),
            [.. model.SetAside.Select(fault => SetAsideView.Of(call, fault))],
            model.Next
        );
}

// Where jobs are redacted the text of the error is, too.
internal sealed record SetAsideView(
    long Id,
    Guid MessageId,
    string MessageType,
    string? Destination,
    int Attempts,
    DateTime FaultedAt,
    string ErrorType,
    string? Error
)
{
    public static SetAsideView Of(DashboardCall call, SidekiqOutboxFault fault) =>
        new(
            fault.Id,
            fault.MessageId,
            fault.MessageType,
            fault.Destination,
            fault.Attempts,
            fault.FaultedAt.UtcDateTime,
            fault.ErrorType,
            call.HidesMessages ? null : fault.Error
        );
}

// Headers and body are strings that hold JSON.
internal sealed record OutboxMessageView(SetAsideView Message, string? Headers, string? Body)
{
    public static OutboxMessageView Of(DashboardCall call, OutboxMessageModel model) =>
        new(
            SetAsideView.Of(call, model.Message.Fault),
            call.HidesMessages ? null : model.Message.Headers,
            call.HidesMessages ? null : model.Message.Body
        );
}
