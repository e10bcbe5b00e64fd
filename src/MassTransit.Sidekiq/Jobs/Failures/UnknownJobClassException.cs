namespace MassTransit.Sidekiq;

// A job whose class no consumer of the endpoint takes. The next deploy may add one, so it is a failure like any other.
// `suggestion` is a sentence and a space, or "".
internal sealed class UnknownJobClassException(
    string? jobClass,
    string endpoint,
    IEnumerable<string> known,
    string suggestion = ""
)
    : MassTransitException(
        $"Job class '{jobClass}' is not consumed on queue '{endpoint}', which takes {List(known)}. "
            + suggestion
            + "Add a consumer for it, or map the class with cfg.Job<T>(j => j.Alias(…))."
    )
{
    static string List(IEnumerable<string> known) =>
        string.Join(", ", known.Select(name => $"'{name}'").DefaultIfEmpty("no class"));
}
