using System.Diagnostics.CodeAnalysis;
using MassTransit.Logging;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// A job's metadata under the names that MassTransit looks up. A foreign job has little: its jid determines a message id that is
// the same on every retry, its class the message type.
internal sealed class JobHeaders(SidekiqJob job, JobContract? contract, Uri host) : IHeaderProvider
{
    readonly JobMetadata? metadata = job.Metadata;

    public IEnumerable<KeyValuePair<string, object>> GetAll() =>
        metadata
            ?.Headers.Where(header => header.Value is not null)
            .Select(header => KeyValuePair.Create(header.Key, header.Value!))
        ?? [];

    public bool TryGetHeader(string key, [NotNullWhen(true)] out object? value)
    {
        value = key switch
        {
            MessageHeaders.MessageId => metadata?.MessageId ?? (job.Jid is { } jid ? JobId.ToMessageId(jid) : null),
            MessageHeaders.MessageType => MessageTypes(),
            MessageHeaders.CorrelationId => metadata?.CorrelationId,
            MessageHeaders.ConversationId => metadata?.ConversationId,
            MessageHeaders.RequestId => metadata?.RequestId,
            MessageHeaders.InitiatorId => metadata?.InitiatorId,
            MessageHeaders.SourceAddress => JobAddress.Absolute(metadata?.SourceAddress, host),
            MessageHeaders.ResponseAddress => JobAddress.Absolute(metadata?.ResponseAddress, host),
            MessageHeaders.FaultAddress => JobAddress.Absolute(metadata?.FaultAddress, host),
            MessageHeaders.TransportMessageId => job.Jid,
            MessageHeaders.Host.Info => JobHost.Of(metadata is null ? default : metadata.Host.Span),
            JobMessageContext.TransportDestinationAddress => JobAddress.Absolute(metadata?.DestinationAddress, host),
            JobMessageContext.TransportExpirationTime => job.ExpiresAt?.UtcDateTime,
            MessageHeaders.TransportSentTime => job.CreatedAt?.UtcDateTime,
            MessageHeaders.SchedulingTokenId => metadata?.SchedulingToken,
            DiagnosticHeaders.ActivityId => job.TraceParent,
            _ => null,
        };

        return value is not null || metadata?.Headers.TryGetValue(key, out value) == true && value is not null;
    }

    // The types that the sender declared, unless the job's class is a different one: then the class was rewritten, and takes
    // precedence.
    string? MessageTypes()
    {
        var named = metadata?.MessageTypes;
        if (named is null or [])
        {
            return contract?.Urn;
        }

        return contract is null || named.Contains(contract.Urn, StringComparer.OrdinalIgnoreCase)
            ? string.Join(';', named)
            : contract.Urn;
    }
}
