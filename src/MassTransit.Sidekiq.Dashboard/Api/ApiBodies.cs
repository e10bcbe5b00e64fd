using System.Text.Json.Serialization;

namespace MassTransit.Sidekiq;

// What the actions take, by the names of the fields of the forms. What is not listed is refused, so that a typing error is reported.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record EmptyBody;

// A job of a queue, by the key that the list of its jobs gives it.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record QueuedJobBody(string Job) : ICheckedBody
{
    [JsonIgnore]
    public string? Fault => ChosenBody.FaultOf(Job);
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MovedJobBody(string Job, string Queue) : ICheckedBody
{
    [JsonIgnore]
    public string? Fault => ChosenBody.FaultOf(Job);
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record OtherQueueBody(string Queue);

// The arguments as a string that holds their JSON, as they are told.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ArgsBody(string Args);

// Jobs of a set, by the keys that its list gives them.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChosenBody(IReadOnlyList<string> Entry) : ICheckedBody
{
    // Each is looked up in Redis separately.
    const int Most = 1000;

    [JsonIgnore]
    public string? Fault => FaultOf(Entry);

    internal static string? FaultOf(IReadOnlyList<string> keys) =>
        keys.Count is 0 or > Most
            ? $"'entry' has {keys.Count} keys. It takes 1 to {Most}; use a group or all for more."
            : keys.Select(FaultOf).FirstOrDefault(fault => fault is not null);

    internal static string? FaultOf(string? key) =>
        EntryKey.Parse(key ?? "") is null
            ? $"'{Show.Cut(key)}' is not the key of a job. A list of jobs has a key for each."
            : null;
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChosenQueueBody(IReadOnlyList<string> Entry, string Queue) : ICheckedBody
{
    [JsonIgnore]
    public string? Fault => ChosenBody.FaultOf(Entry);
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RescheduleBody(string Entry, DateTimeOffset At) : ICheckedBody
{
    [JsonIgnore]
    public string? Fault => ChosenBody.FaultOf(Entry);
}

// The jobs of a class that failed with an error, as the groups name them; null for those that have none.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record GroupBody(string? Class, string? Error);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record GroupQueueBody(string? Class, string? Error, string Queue);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record GroupTimeBody(string? Class, string? Error, DateTimeOffset At);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record TimeBody(DateTimeOffset At);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ProcessBody(string Identity);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record JidBody(string Jid);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PeriodicBody(string Id);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record BatchBody(string Id);

// Without a class the jobs are of the message's own.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SubscriptionBody(string Topic, string Queue, string? Class = null);

// Messages that an outbox has set aside.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SetAsideBody(IReadOnlyList<long> Id) : ICheckedBody
{
    // As many as are changed in one transaction.
    const int Most = 1000;

    [JsonIgnore]
    public string? Fault =>
        Id.Count is 0 or > Most ? $"'id' has {Id.Count} ids. It takes 1 to {Most}; use all for more." : null;
}

// A body whose members may be of their types and still be wrong.
internal interface ICheckedBody
{
    string? Fault { get; }
}
