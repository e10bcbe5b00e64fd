using System.Diagnostics;
using MassTransit.Logging;

namespace MassTransit.Sidekiq;

// MassTransit's activities in the words of OpenTelemetry's conventions for messaging, whose `messaging.operation` became two.
internal static class MessagingActivity
{
    // Null where nobody listens, or the current activity is another: a send that is not sampled runs under that of its consumer.
    public static Activity? Describe(ActivityKind side, string operation, string type) =>
        Activity.Current is { Source.Name: DiagnosticHeaders.DefaultListenerName } activity && activity.Kind == side
            ? activity
                .SetTag(DiagnosticHeaders.Messaging.System, "sidekiq")
                .SetTag("messaging.operation.name", operation)
                .SetTag("messaging.operation.type", type)
            : null;
}
