namespace MassTransit.Sidekiq;

/// Turns the messages of a batch into jobs and pushes them all at once: commands leave in order on one connection, and
/// are awaited together. Jobs for one queue share a command, since nothing orders them against other queues; a publish,
/// which may reach any queue, goes out behind everything before it.
internal sealed class JobPush(SidekiqHostConfiguration host, JobLedger? ledger = null)
{
    /// How long an unread answer stays in a temporary queue whose owner has just died.
    static readonly TimeSpan temporaryLife = TimeSpan.FromMinutes(1);

    public async Task<OutboxOutcome> Push(IReadOnlyList<OutboxMessage> messages)
    {
        var run = new Run(host.Process, host, ledger);
        var cancelled = Cancelled(messages);
        for (var i = 0; i < messages.Count; i++)
        {
            if (cancelled.Contains(i))
            {
                continue;
            }

            try
            {
                await run.Add(i, messages[i]).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // No job can be made of it: a body that is no JSON, an address of another transport.
                run.Outcome.SetAside(i, fault);
            }
        }

        return await run.End().ConfigureAwait(false);
    }

    /// Scheduled messages and their cancellations that are both still here: Redis need not hear of either.
    static HashSet<int> Cancelled(IReadOnlyList<OutboxMessage> messages)
    {
        var both = new HashSet<int>();
        var scheduled = new Dictionary<Guid, List<int>>();
        for (var i = 0; i < messages.Count; i++)
        {
            if (StagedMessage.ScheduledToken(messages[i]) is { } token)
            {
                (scheduled.TryGetValue(token, out var found) ? found : scheduled[token] = []).Add(i);
            }
            else if (
                StagedMessage.CancelledToken(messages[i]) is { } cancelled
                && scheduled.Remove(cancelled, out var ended)
            )
            {
                both.UnionWith([.. ended, i]);
            }
        }

        return both;
    }

    sealed class Run(SidekiqProcess process, SidekiqHostConfiguration host, JobLedger? ledger)
    {
        readonly DateTimeOffset now = host.Clock.GetUtcNow();
        readonly Dictionary<string, Bulk> bulks = new(StringComparer.Ordinal);
        readonly Dictionary<string, SidekiqEndpointAddress> addresses = new(StringComparer.Ordinal);
        readonly List<(Task Done, IReadOnlyList<int> Messages)> sent = [];
        readonly List<(int Message, PublishRequest Request)> published = [];
        bool hasPublished;

        public OutboxOutcome Outcome { get; } = new();

        public async Task Add(int index, OutboxMessage row)
        {
            if (row.ExpirationTime is { } end && StagedMessage.Utc(end) <= now)
            {
                return;
            }

            if (StagedMessage.CancelledToken(row) is { } cancelled)
            {
                await Cancel(index, cancelled).ConfigureAwait(false);
                return;
            }

            var address = Address(
                row.DestinationAddress
                    ?? throw new InvalidOperationException($"Message {row.MessageId} has no destination address.")
            );
            var job = StagedMessage.ToJob(row, host, now);
            if (!address.IsTemporary)
            {
                ledger?.Mark(job.Draft);
            }

            if (address.IsTopic)
            {
                Flush();
                await Publish(index, row.MessageId, address.Name, job).ConfigureAwait(false);
                return;
            }

            job.Draft.Queue = address.Name;
            job.Draft.Jid = JobId.From(row.MessageId);
            Push(index, row.MessageId, address, job);
        }

        public async Task<OutboxOutcome> End()
        {
            Flush();
            foreach (var (done, messages) in sent)
            {
                await Settle(done, messages).ConfigureAwait(false);
            }

            foreach (var (message, request) in published)
            {
                foreach (var copy in request.Copies is null ? [] : JobLedger.Copies(request))
                {
                    Outcome.Kept.Add((message, copy));
                }
            }

            return Outcome;
        }

        SidekiqEndpointAddress Address(Uri destination)
        {
            if (!addresses.TryGetValue(destination.OriginalString, out var address))
            {
                address = SidekiqEndpointAddress.Parse(host.HostAddress, destination);
                addresses[destination.OriginalString] = address;
            }

            return address;
        }

        /// The first publish is awaited alone: if Redis does not know the script yet, all would be sent a second time, in
        /// no order.
        async Task Publish(int index, Guid messageId, string entity, StagedJob job)
        {
            var entities = job.Entities ?? host.Entities.Find(entity);
            var request = new PublishRequest
            {
                Entities = entities ?? [entity],
                FollowImplements = entities is null,
                Template = JobWriter.WriteTemplate(job.Draft),
                Class = job.Draft.Class,
                MessageId = messageId,
                Static = job.Queue is { } queue ? [(queue, job.Draft.Class)] : [],
                Due = job.Due,
                Token = job.Token,
                Copies = ledger is null ? null : [],
            };
            var done = process.Publish(request);
            sent.Add((done, [index]));
            published.Add((index, request));

            if (!hasPublished)
            {
                hasPublished = true;
                await done.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        void Push(int index, Guid messageId, SidekiqEndpointAddress address, StagedJob job)
        {
            var json = JobWriter.Write(job.Draft);
            if (ledger is not null && !address.IsTemporary)
            {
                Outcome.Kept.Add((index, new KeptJob(job.Draft.Jid, messageId, address.Name, json, job.Due)));
            }

            if (job.Due is { } due)
            {
                sent.Add((process.Schedule(json, due, job.Token), [index]));
                return;
            }

            if (address.IsTemporary)
            {
                Flush();
                sent.Add((process.Jobs.PushTemporary(address.Name, json, temporaryLife), [index]));
                return;
            }

            if (!bulks.TryGetValue(address.Name, out var bulk))
            {
                bulks[address.Name] = bulk = new Bulk([], []);
            }

            bulk.Jobs.Add(json);
            bulk.Messages.Add(index);
        }

        /// What this batch scheduled must be there before it can be taken out.
        async Task Cancel(int index, Guid token)
        {
            Flush();
            await Task.WhenAll(sent.Select(command => command.Done))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var cancelled = process.Jobs.CancelScheduled(token);
            sent.Add((cancelled, [index]));
            await ((Task)cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancelled.IsCompletedSuccessfully && !await cancelled.ConfigureAwait(false))
            {
                Outcome.NotFound.Add((index, token));
            }
        }

        void Flush()
        {
            foreach (var (queue, bulk) in bulks)
            {
                sent.Add((process.Jobs.PushBulk(queue, bulk.Jobs), bulk.Messages));
            }

            bulks.Clear();
        }

        async Task Settle(Task done, IReadOnlyList<int> messages)
        {
            try
            {
                await done.ConfigureAwait(false);
            }
            catch (SidekiqRedisException refused) when (IsWrongType(refused))
            {
                // The key of this queue is not a list; other queues are well.
                foreach (var message in messages)
                {
                    Outcome.SetAside(message, refused);
                }
            }
            catch (Exception outage) when (outage is ConnectionException or SidekiqRedisException)
            {
                foreach (var message in messages)
                {
                    Outcome.Leave(message, outage);
                }
            }
        }

        static bool IsWrongType(SidekiqRedisException refused) =>
            refused.InnerException?.Message.Contains("WRONGTYPE", StringComparison.Ordinal) == true;

        sealed record Bulk(List<ReadOnlyMemory<byte>> Jobs, List<int> Messages);
    }
}
