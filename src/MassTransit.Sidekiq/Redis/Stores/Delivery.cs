namespace MassTransit.Sidekiq;

// One claim of one job by this process: its field in the working hash of its queue. Two jobs may be equal byte for byte,
// so every settlement takes the delivery, never the JSON. Numbers grow and are never reused by a process.
internal readonly record struct Delivery(string Queue, long Number);
