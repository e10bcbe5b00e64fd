using System.Collections.Concurrent;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Runs steps by their hash. Redis forgets scripts when it restarts or fails over: the first caller to notice loads the
// script, and concurrent callers wait for that one load.
internal sealed class ScriptLoads
{
    readonly ConcurrentDictionary<Script, Load> loads = [];

    public async Task<RedisResult> Run(IDatabase database, Script script, RedisKey[] keys, RedisValue[] values)
    {
        var load = loads.GetOrAdd(script, static _ => new Load());
        var seen = load.Count;
        try
        {
            return await database.ScriptEvaluateAsync(script.Hash, keys, values).ConfigureAwait(false);
        }
        catch (RedisServerException missing) when (RedisErrors.IsNoScript(missing.Message))
        {
            await load.Once(seen, database, script).ConfigureAwait(false);
            return await database.ScriptEvaluateAsync(script.Hash, keys, values).ConfigureAwait(false);
        }
    }

    sealed class Load
    {
        readonly Lock gate = new();
        Task loading = Task.CompletedTask;

        public int Count { get; private set; }

        // `seen` is the count when the script was found missing: if it has grown, the required load has begun.
        public Task Once(int seen, IDatabase database, Script script)
        {
            lock (gate)
            {
                if (Count == seen)
                {
                    Count++;
                    loading = database.ExecuteAsync("SCRIPT", "LOAD", script.Text);
                }

                return loading;
            }
        }
    }
}
