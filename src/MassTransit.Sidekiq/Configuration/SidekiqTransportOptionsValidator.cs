using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq;

// Reports all faults of the options at once when the host starts, before anything else of the application runs.
// The rules are those of the bus itself, which also apply to cfg.Host.
internal sealed class SidekiqTransportOptionsValidator : IValidateOptions<SidekiqTransportOptions>
{
    // `name`: the options' name, which is that of the additional bus, or empty.
    public static void Register(IServiceCollection services, string name)
    {
        services.AddOptions<SidekiqTransportOptions>(name).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<SidekiqTransportOptions>, SidekiqTransportOptionsValidator>()
        );
    }

    public ValidateOptionsResult Validate(string? name, SidekiqTransportOptions options)
    {
        var settings = new SidekiqHostSettings();
        settings.Apply(options);

        var of = string.IsNullOrEmpty(name) ? "" : $" of {name}";
        var faults = settings
            .Validate()
            .Where(result => result.Disposition == ValidationResultDisposition.Failure)
            .Select(fault => $"{nameof(SidekiqTransportOptions)}{of}, {fault.Key}: {fault.Message}")
            .ToList();

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
