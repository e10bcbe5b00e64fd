namespace MassTransit.Sidekiq;

// Asks Redis about each needed command on each kind of key, without running any.
internal sealed class RightsCheck() : DoctorCheck("rights")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var prefix = examination.Redis.Stores.Keys.Prefix;
        (string[] Command, int? Key)[] asked =
        [
            .. NeededRights.Keys.SelectMany(
                (key, i) => NeededRights.On(prefix + key.Key).Select(command => (command, (int?)i))
            ),
            .. NeededRights.WithoutKeys.Select(command => (command, (int?)null)),
        ];

        IReadOnlyList<int>? positions;
        try
        {
            positions = await examination.Redis.Stores.Rights.Refused([.. asked.Select(one => one.Command)]);
        }
        catch (SidekiqRedisException refused)
        {
            return Error(
                $"This user may not run scripts: {RedisErrors.Cause(refused)}",
                "Grant it +evalsha and +script|load (ACL SETUSER): each step of the transport is a script."
            );
        }

        if (positions is null)
        {
            return Ok("Before Redis 7 no server tells what a user may do; docs/operations.md names what it needs.");
        }

        return Verdict(prefix, asked, [.. positions]);
    }

    Finding Verdict(string prefix, (string[] Command, int? Key)[] asked, HashSet<int> refused)
    {
        // A command that is allowed on no key is missing itself. One that is allowed on another key is not: this key is.
        var commands = asked
            .Select(
                (one, i) => (Name: NeededRights.Name(string.Join(' ', one.Command)), IsRefused: refused.Contains(i))
            )
            .GroupBy(one => one.Name, StringComparer.Ordinal)
            .Where(one => one.All(try_ => try_.IsRefused))
            .Select(one => one.Key)
            .ToHashSet(StringComparer.Ordinal);
        var keys = asked
            .Where((one, i) => one.Key is not null && refused.Contains(i) && !commands.Contains(one.Command[0]))
            .Select(one => NeededRights.Keys[one.Key!.Value].Pattern)
            .Distinct(StringComparer.Ordinal)
            .Select(pattern => prefix + pattern)
            .ToList();
        // Each command is refused on every key when no key is allowed.
        var isKeyless = commands.Count >= NeededRights.Commands.Count() - NeededRights.WithoutKeys.Count();
        if (commands.Count == 0 && keys.Count == 0)
        {
            return Ok("This user may run all that the transport does.");
        }

        var fact = isKeyless
            ? "This user may use none of the keys."
            : string.Join(
                " ",
                new[]
                {
                    commands.Count > 0 ? $"This user may not run {Words.List(commands, 60)}." : "",
                    keys.Count > 0 ? $"It may not use, or not write, the keys {Words.List(keys, 20)}." : "",
                }.Where(text => text.Length > 0)
            );
        var grants = isKeyless
            ? [$"~{prefix}*"]
            : commands
                .Select(command => $"+{command.ToLowerInvariant().Replace(' ', '|')}")
                .Concat(keys.Select(key => $"~{key}"));
        return Error(fact, $"Grant it: ACL SETUSER <user> {string.Join(' ', grants)}");
    }
}
