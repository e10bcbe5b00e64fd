namespace MassTransit.Sidekiq;

// A job of a batch.
internal sealed record BatchMember(string Bid, string Jid)
{
    // In the job.
    public const string Key = "mt_batch";

    // The batch of a stored job. One of none costs a search of its text.
    public static string? BidOf(ReadOnlyMemory<byte> rest) =>
        rest.Span.IndexOf("\"mt_batch\":"u8) >= 0 ? UniqueOptions.Text(rest, Key) : null;
}
