using System.Globalization;

namespace MassTransit.Sidekiq;

// One operation of the API: what a page shows, or what one of its buttons does. It is mapped and described from this alone.
internal sealed record ApiRoute
{
    ApiRoute(string path, string summary) => (Path, Summary) = (path, summary);

    // As it is routed, below the API: /queues/{name}.
    public string Path { get; }

    public string Summary { get; }

    public SidekiqDashboardAccess Needed { get; private init; }

    // What the query may hold.
    public IReadOnlyList<ApiParameter> Query { get; init; } = [];

    public required Type Answer { get; init; }

    // What a form calls what is done.
    public string? Action { get; private init; }

    // What the JSON of an action is.
    public Type Body { get; private init; } = typeof(EmptyBody);

    // What is only read; its answer is null when there is no such thing.
    public Func<DashboardCall, Task<object?>>? Show { get; private init; }

    // What is done.
    public Func<DashboardCall, Task<ActionResult>>? Run { get; private init; }

    // What is wrong with the query; a page takes what it can of an address instead.
    public string? FaultOf(DashboardCall call) =>
        Query
            .Select(parameter => parameter.FaultOf(call.Query(parameter.Name)))
            .FirstOrDefault(fault => fault is not null);

    // What the reader of a page has read, in the API's own words: a page may change without them.
    public static ApiRoute Read<TModel, TView>(
        string path,
        string summary,
        Func<DashboardCall, Task<Page?>> read,
        Func<DashboardCall, TModel, TView> view
    )
        where TView : notnull =>
        new(path, summary)
        {
            Needed = SidekiqDashboardAccess.Read,
            Answer = typeof(TView),
            Show = async call =>
                await read(call).ConfigureAwait(false) is { } page ? view(call, (TModel)page.Model!) : null,
        };

    public static ApiRoute Read<TModel, TView>(
        string path,
        string summary,
        Func<DashboardCall, Task<Page?>> read,
        Func<TModel, TView> view
    )
        where TView : notnull => Read<TModel, TView>(path, summary, read, (_, model) => view(model));

    // What a button of a page does: the members of the body are the fields of the form it stands on.
    public static ApiRoute Act<TBody>(
        string page,
        string action,
        string summary,
        SidekiqDashboardAccess needed,
        Func<DashboardCall, Task<ActionResult>> run
    ) =>
        new($"{page}/{action}", summary)
        {
            Needed = needed,
            Action = action,
            Body = typeof(TBody),
            Answer = typeof(DoneView),
            Run = run,
        };
}

// A parameter of the query: an integer where it has bounds, else a string.
internal sealed record ApiParameter(string Name, string Summary)
{
    public (int Least, int Most)? Bounds { get; init; }

    public bool IsKey { get; init; }

    public bool IsRequired { get; init; }

    // Null when it is as it should be.
    public string? FaultOf(string? value)
    {
        if (value is null)
        {
            return IsRequired ? $"The query has no '{Name}'." : null;
        }

        if (Bounds is var (least, most))
        {
            return
                int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= least
                && number <= most
                ? null
                : $"'{Name}' is '{Show.Cut(value)}'. It takes a number from {least} to {most}.";
        }

        return !IsKey || EntryKey.Parse(value) is not null
            ? null
            : $"'{Name}' is '{Show.Cut(value)}', which is not the key of a job. {Summary}";
    }
}

// What an action came to.
internal sealed record DoneView(string Action, string Target, string Result, long? Jobs)
{
    public static DoneView Of(ActionResult result) => new(result.Action, result.Target, result.Text, result.Jobs);
}
