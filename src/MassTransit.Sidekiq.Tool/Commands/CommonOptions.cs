using System.CommandLine;

namespace MassTransit.Sidekiq;

// Options that several commands have, each with one of its own.
internal static class CommonOptions
{
    public static Option<int> Limit() =>
        Positive(
            new Option<int>("--limit")
            {
                Description = "How many to show at most.",
                HelpName = "number",
                DefaultValueFactory = _ => 25,
            }
        );

    public static Option<string?> Outbox() =>
        new("--outbox")
        {
            Description = "The connection string of the database that holds an outbox.",
            HelpName = "connection string",
        };

    public static Option<OutboxProvider> Provider() =>
        new("--provider")
        {
            Description = "What kind of database that is: Postgres, Sqlite or MySql.",
            HelpName = "provider",
            DefaultValueFactory = _ => OutboxProvider.Postgres,
        };

    public static Option<int> Positive(Option<int> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError($"{option.Name} must be at least 1.");
            }
        });
        return option;
    }
}
