namespace MassTransit.Sidekiq;

// All operations of the API. An entry is a route, a line of the OpenAPI document, and the level that it needs.
internal static class ApiTable
{
    const SidekiqDashboardAccess Act = SidekiqDashboardAccess.Act;
    const SidekiqDashboardAccess Admin = SidekiqDashboardAccess.Admin;

    static readonly ApiParameter hours = new("hours", "The last hours; rounded up to 1, 2, 4, 8, 24 or 72. Default: 1.")
    {
        Bounds = (1, MetricsPages.Hours[^1]),
    };

    public static IReadOnlyList<ApiRoute> Of(
        ISidekiqInspector inspector,
        IReadOnlyList<OutboxWatch> outboxes,
        LatencySampler sampler
    ) =>
        [
            ApiRoute.Read<OverviewModel, StatsView>(
                "/stats",
                "Counters, the last 30 days, Redis, and what is wrong.",
                new OverviewReader(inspector, outboxes).Read,
                StatsView.Of
            ),
            .. Queues(inspector, sampler),
            .. Running(inspector),
            .. JobSetKind.Of(inspector).SelectMany(ApiSetTable.Of),
            .. Topics(inspector),
            .. Periodic(inspector),
            .. Batches(inspector),
            ApiRoute.Read<IReadOnlyList<SidekiqLimit>, LimitsView>(
                "/limits",
                "Limits that processes share: what is used of them, and how many jobs wait.",
                new LimitsReader(inspector).Read,
                LimitsView.Of
            ),
            .. Metrics(inspector),
            .. outboxes.Count > 0 ? Outbox(outboxes) : [],
            ApiRoute.Read<SearchModel, SearchView>(
                "/search",
                "Jobs that contain a text.",
                new SearchReader(inspector).Read,
                SearchView.Of
            ) with
            {
                Query =
                [
                    new("q", "A jid, a message id, a class, or a part of the job as stored.") { IsRequired = true },
                ],
            },
        ];

    static IEnumerable<ApiRoute> Queues(ISidekiqInspector inspector, LatencySampler sampler)
    {
        var (reader, actions) = (new QueuesReader(inspector, sampler), new QueueActions(inspector));
        const string one = "/queues/{name}";
        yield return ApiRoute.Read<IReadOnlyList<QueueRow>, QueuesView>(
            "/queues",
            "All queues.",
            reader.All,
            QueuesView.Of
        );
        yield return ApiRoute.Read<QueueModel, QueuePageView>(
            one,
            "A queue and a page of its jobs, the next one first.",
            reader.One,
            QueuePageView.Of
        ) with
        {
            Query = [new("page", "Default: 1.") { Bounds = (1, QueuesReader.MostPages) }],
        };
        yield return ApiRoute.Act<EmptyBody>(one, "pause", "Pauses a queue.", Act, actions.Run);
        yield return ApiRoute.Act<EmptyBody>(one, "resume", "Ends a pause.", Act, actions.Run);
        yield return ApiRoute.Act<EmptyBody>(one, "clear", "Removes all jobs of a queue.", Admin, actions.Run);
        yield return ApiRoute.Act<QueuedJobBody>(one, "delete", "Removes a job of a queue.", Act, actions.Run);
        yield return ApiRoute.Act<MovedJobBody>(
            one,
            "move",
            "Moves a job to the end of another queue.",
            Act,
            actions.Run
        );
        yield return ApiRoute.Act<OtherQueueBody>(
            one,
            "move-all",
            "Moves the jobs that are in the queue now to another.",
            Admin,
            actions.Run
        );
    }

    static IEnumerable<ApiRoute> Running(ISidekiqInspector inspector)
    {
        var run = new RunningActions(inspector).Run;
        yield return ApiRoute.Read<RunningModel, RunningView>(
            "/running",
            "Processes, and the jobs that they run as of their last heartbeats.",
            new RunningReader(inspector).Read,
            RunningView.Of
        );
        yield return ApiRoute.Act<ProcessBody>(
            "/running",
            "quiet",
            "Tells a process to take no more jobs.",
            Admin,
            run
        );
        yield return ApiRoute.Act<ProcessBody>("/running", "stop", "Tells a process to stop.", Admin, run);
        yield return ApiRoute.Act<JidBody>(
            "/running",
            "cancel",
            "Cancels a job, wherever it is, by its jid.",
            Act,
            run
        );
    }

    static IEnumerable<ApiRoute> Topics(ISidekiqInspector inspector)
    {
        var run = new TopicActions(inspector).Run;
        yield return ApiRoute.Read<TopicsModel, TopicsView>(
            "/topics",
            "Topics, and the queues that subscribe to them.",
            new TopicsReader(inspector).Read,
            TopicsView.Of
        );
        yield return ApiRoute.Act<SubscriptionBody>(
            "/topics",
            "subscribe",
            "Subscribes a queue to a topic.",
            Admin,
            run
        );
        yield return ApiRoute.Act<SubscriptionBody>("/topics", "unsubscribe", "Removes a subscription.", Admin, run);
    }

    static IEnumerable<ApiRoute> Periodic(ISidekiqInspector inspector)
    {
        var reader = new PeriodicReader(inspector);
        var run = new PeriodicActions(inspector).Run;
        yield return ApiRoute.Read<IReadOnlyList<PeriodicRow>, PeriodicView>(
            "/periodic",
            "Periodic jobs with their next runs.",
            reader.All,
            PeriodicView.Of
        );
        yield return ApiRoute.Read<PeriodicModel, PeriodicHistoryView>(
            "/periodic/{**id}",
            "A periodic job with its last runs.",
            reader.One,
            PeriodicHistoryView.Of
        );
        yield return ApiRoute.Act<PeriodicBody>("/periodic", "run", "Enqueues a run now.", Act, run);
        yield return ApiRoute.Act<PeriodicBody>("/periodic", "pause", "Skips all runs until it is resumed.", Act, run);
        yield return ApiRoute.Act<PeriodicBody>("/periodic", "resume", "Goes on with the next run.", Act, run);
        yield return ApiRoute.Act<PeriodicBody>("/periodic", "remove", "Removes a periodic job.", Admin, run);
    }

    static IEnumerable<ApiRoute> Batches(ISidekiqInspector inspector)
    {
        var reader = new BatchesReader(inspector);
        const string one = "/batches/{id}";
        yield return ApiRoute.Read<BatchesModel, BatchesView>(
            "/batches",
            "A page of batches of jobs, the newest first.",
            reader.All,
            BatchesView.Of
        ) with
        {
            Query = [new("page", "Default: 1.") { Bounds = (1, BatchesReader.MostPages) }],
        };
        yield return ApiRoute.Read<BatchModel, BatchView>(one, "How far a batch has got.", reader.State, BatchView.Of);
        yield return ApiRoute.Read<BatchModel, BatchJobsView>(
            one + "/jobs",
            "Jobs of a batch that have not ended, the dead and the failed first.",
            reader.One,
            BatchJobsView.Of
        );
        yield return ApiRoute.Act<BatchBody>(
            "/batches",
            "delete",
            "Forgets a batch: its jobs go on, and no callback comes any more.",
            Act,
            new BatchActions(inspector).Run
        );
    }

    static IEnumerable<ApiRoute> Metrics(ISidekiqInspector inspector)
    {
        var pages = new MetricsPages(inspector);
        yield return ApiRoute.Read<MetricsModel, MetricsView>(
            "/metrics",
            "Runs and failures of each class.",
            pages.All,
            MetricsView.Of
        ) with
        {
            Query = [hours],
        };
        yield return ApiRoute.Read<MetricModel, ClassMetricsView>(
            "/metrics/{**class}",
            "One class over time, with its percentiles.",
            pages.One,
            ClassMetricsView.Of
        ) with
        {
            Query = [hours],
        };
    }

    static IEnumerable<ApiRoute> Outbox(IReadOnlyList<OutboxWatch> outboxes)
    {
        var reader = new OutboxReader(outboxes);
        var run = new OutboxActions(outboxes).Run;
        const string one = "/outbox/{name}";
        yield return ApiRoute.Read<IReadOnlyList<OutboxRow>, OutboxesView>(
            "/outbox",
            "The outboxes of the application, and what they hold.",
            reader.All,
            OutboxesView.Of
        );
        yield return ApiRoute.Read<OutboxModel, OutboxPageView>(
            one,
            "An outbox, and a page of the messages that it has set aside, the newest first.",
            reader.One,
            OutboxPageView.Of
        ) with
        {
            Query = [new("before", "The value of next in the page before.") { Bounds = (1, int.MaxValue) }],
        };
        yield return ApiRoute.Read<OutboxMessageModel, OutboxMessageView>(
            one + "/{id}",
            "A message that was set aside.",
            reader.Message,
            OutboxMessageView.Of
        );
        yield return ApiRoute.Act<SetAsideBody>(one, "release", "Returns these messages to the outbox.", Act, run);
        yield return ApiRoute.Act<EmptyBody>(one, "release-all", "Returns all messages to the outbox.", Act, run);
        yield return ApiRoute.Act<SetAsideBody>(one, "discard", "Removes these messages for good.", Act, run);
        yield return ApiRoute.Act<EmptyBody>(one, "discard-all", "Removes all messages for good.", Admin, run);
    }
}
