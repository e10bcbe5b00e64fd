namespace MassTransit.Sidekiq;

// A job of a batch.
internal sealed record BatchMember(string Bid, string Jid);
