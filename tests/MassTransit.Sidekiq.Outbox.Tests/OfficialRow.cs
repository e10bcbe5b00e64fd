namespace MassTransit.Sidekiq.Outbox.Tests;

// Rows as MassTransit.EntityFrameworkCore 8.5 stages them over this transport: the message, and of the job only what was
// set on this one send.
static class OfficialRow
{
    public static OutboxMessage Stage(
        OrdersDb db,
        string urn,
        string destination,
        string body = "{}",
        string contentType = "application/json"
    )
    {
        var state = new OutboxState { OutboxId = NewId.NextGuid(), Created = DateTime.UnixEpoch };
        var row = new OutboxMessage
        {
            OutboxId = state.OutboxId,
            MessageId = NewId.NextGuid(),
            SentTime = DateTime.UnixEpoch,
            ContentType = contentType,
            MessageType = urn,
            Body = body,
            Headers = "{}",
            Properties = "{}",
            DestinationAddress = new Uri($"sidekiq://localhost/{destination}"),
        };
        db.Add(state);
        db.Add(row);

        return row;
    }
}
