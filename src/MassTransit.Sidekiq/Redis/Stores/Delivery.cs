namespace MassTransit.Sidekiq;

// One claim of one job by this process: its field in the working hash of its queue. Two jobs may be equal byte for byte,
// so that every settlement names the delivery, never the text. Numbers grow and are never used twice by a process.
internal readonly record struct Delivery(string Queue, long Number);
