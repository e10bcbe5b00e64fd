using System.Collections.Concurrent;
using System.Reflection;

namespace MassTransit.Sidekiq;

// Finds the contract of a message that MassTransit's own outbox staged, which stores only its type's urn: among the
// types that this bus knows, and among those of the application that carry [SidekiqJob]. No type is loaded by its name.
internal sealed class StagedContracts(JobContracts contracts)
{
    readonly ConcurrentDictionary<string, JobContract> found = new(StringComparer.Ordinal);
    readonly Lazy<Dictionary<string, Type>> attributed = new(Attributed);

    public JobContract? Find(string urn)
    {
        if (found.TryGetValue(urn, out var known))
        {
            return known;
        }

        var contract = contracts.All().FirstOrDefault(contract => contract.Urn == urn);
        if (contract is null && attributed.Value.TryGetValue(urn, out var type))
        {
            contract = contracts.For(type);
        }

        return contract is null ? null : found.GetOrAdd(urn, contract);
    }

    static Dictionary<string, Type> Attributed()
    {
        var own = typeof(SidekiqJobAttribute).Assembly.GetName().Name;
        var types = AppDomain
            .CurrentDomain.GetAssemblies()
            .Where(assembly => !assembly.IsDynamic && assembly.GetReferencedAssemblies().Any(name => name.Name == own))
            .SelectMany(Types)
            .Where(type =>
                !type.ContainsGenericParameters && type.IsDefined(typeof(SidekiqJobAttribute), inherit: false)
            );

        var byUrn = new Dictionary<string, Type>(StringComparer.Ordinal);
        foreach (var type in types)
        {
            byUrn.TryAdd(MessageUrn.ForTypeString(type), type);
        }

        return byUrn;
    }

    static IEnumerable<Type> Types(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException partly)
        {
            // An assembly with missing references still has the types that were loaded.
            return partly.Types.OfType<Type>();
        }
    }
}
