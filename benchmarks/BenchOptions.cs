namespace MassTransit.Sidekiq.Benchmarks;

// What was typed behind ./build.sh bench.
internal sealed record BenchOptions
{
    public const string RabbitMq = "rabbitmq";
    public const string Hangfire = "hangfire";

    const string OnlyOption = "--only=";
    const string PeersOption = "--peers=";

    static readonly string[] allPeers = [RabbitMq, Hangfire];

    // Fewer rounds of a shorter time, compared with the kept result.
    public bool Quick { get; private init; }

    // Tells processor time.
    public bool Verbose { get; private init; }

    // Makes this the result that later quick runs are compared with.
    public bool Keep { get; private init; }

    // The benchmarks to run alone; empty for all that run by default.
    public IReadOnlyCollection<string> Only { get; private init; } = [];

    // What to compare with that needs a further server.
    public IReadOnlyCollection<string> Peers { get; private init; } = [];

    // Throws FormatException with what is wrong and what there is.
    public static BenchOptions Parse(IReadOnlyCollection<string> arguments)
    {
        var options = new BenchOptions { Only = [.. arguments.Where(argument => !argument.StartsWith('-'))] };
        options = arguments.Where(argument => argument.StartsWith('-')).Aggregate(options, With);
        if (options.Keep && !options.Quick)
        {
            throw new FormatException("--keep needs --quick: the kept result is compared with quick runs alone.");
        }

        return options;
    }

    static BenchOptions With(BenchOptions options, string argument) =>
        argument switch
        {
            "--quick" => options with { Quick = true },
            "--verbose" => options with { Verbose = true },
            "--keep" => options with { Keep = true },
            _ when argument.StartsWith(OnlyOption, StringComparison.Ordinal) => options with
            {
                Only = [.. options.Only, .. Names(argument, OnlyOption)],
            },
            _ when argument.StartsWith(PeersOption, StringComparison.Ordinal) => options with
            {
                Peers = Known(Names(argument, PeersOption)),
            },
            _ => throw new FormatException(
                $"There is no option '{argument}'. There are --quick, --keep, --verbose, --only=NAME,… and --peers={string.Join(',', allPeers)}."
            ),
        };

    static string[] Names(string argument, string option) =>
        argument[option.Length..].Split(',', StringSplitOptions.RemoveEmptyEntries);

    static string[] Known(string[] peers) =>
        peers.Except(allPeers, StringComparer.Ordinal).FirstOrDefault() is { } unknown
            ? throw new FormatException($"There is no peer '{unknown}'. There are {string.Join(" and ", allPeers)}.")
            : [.. peers.Distinct(StringComparer.Ordinal)];
}
