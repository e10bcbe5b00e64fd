namespace MassTransit.Sidekiq;

// The endpoints that a bus is configured with, as far as its sends need them.
internal sealed record OwnEndpoints(IReadOnlyList<Uri> Subscribing, IReadOnlyDictionary<Uri, string> AnswerQueues)
{
    public static readonly OwnEndpoints None = new([], new Dictionary<Uri, string>());
}
