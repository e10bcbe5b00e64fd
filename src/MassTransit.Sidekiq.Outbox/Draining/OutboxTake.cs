namespace MassTransit.Sidekiq;

// How much one batch takes. Transactions beyond the last message that is read would be locked for nothing, so their number
// follows what the previous batches held.
internal sealed record OutboxTake(int Transactions, int Messages)
{
    // Tests whether Redis takes anything again.
    public static readonly OutboxTake One = new(1, 1);

    public static OutboxTake First(int messages) => new(messages, messages);

    public OutboxTake After(int claimed, bool isFilled) =>
        this with
        {
            Transactions = isFilled ? Math.Min(Messages, claimed + (claimed / 4) + 1) : Messages,
        };
}
