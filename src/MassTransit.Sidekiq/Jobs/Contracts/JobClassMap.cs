using System.Diagnostics.CodeAnalysis;

namespace MassTransit.Sidekiq;

// The classes that one endpoint consumes, a closed set: no type is ever resolved from a name that came with a job.
internal sealed class JobClassMap : ISpecification
{
    readonly Dictionary<string, JobContract> contracts = new(StringComparer.Ordinal);
    readonly List<string> conflicts = [];

    // The classes that an error names, in alphabetical order.
    public IReadOnlyCollection<string> Classes => [.. contracts.Keys.Order(StringComparer.Ordinal)];

    public void Add(JobContract contract)
    {
        foreach (var name in contract.Aliases.Prepend(contract.Class).Select(Normal))
        {
            if (contracts.TryAdd(name, contract) || contracts[name].MessageType == contract.MessageType)
            {
                continue;
            }

            conflicts.Add(
                $"Job class '{name}' means both {contracts[name].Message} and {contract.Message}, and one endpoint consumes both. "
                    + "Give one of them another class with [SidekiqJob(\"…\")] or cfg.Job<T>(j => j.Class(\"…\")), or consume them on two endpoints."
            );
        }
    }

    public bool TryGet(string jobClass, [NotNullWhen(true)] out JobContract? contract) =>
        contracts.TryGetValue(Normal(jobClass), out contract);

    // By the job's class; for an ActiveJob, by the class inside the wrapper.
    public bool TryGet(SidekiqJob job, [NotNullWhen(true)] out JobContract? contract)
    {
        contract = null;
        if (job.Class is not { } jobClass)
        {
            return false;
        }

        if (ActiveJobWrapper.Is(jobClass))
        {
            return (job.Wrapped ?? ActiveJobWrapper.JobClass(job)) is { } wrapped && TryGet(wrapped, out contract);
        }

        return TryGet(jobClass, out contract);
    }

    public IEnumerable<ValidationResult> Validate() =>
        conflicts.Distinct(StringComparer.Ordinal).Select(conflict => this.Failure("JobClass", conflict));

    // A leading '::' makes a Ruby name absolute, which every class name of a job already is.
    static string Normal(string jobClass) =>
        jobClass.StartsWith("::", StringComparison.Ordinal) ? jobClass[2..] : jobClass;
}
