using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq;

// Reports all faults of the options of a bus, or of the settings of an inspector without one, at once when the host starts, before
// anything else of the application runs. The rules are those of the bus itself, which also apply to cfg.Host.
internal sealed class SidekiqSettingsValidator
    : IValidateOptions<SidekiqTransportOptions>,
        IValidateOptions<SidekiqHostSettings>
{
    // `name`: the options' name, which is that of the additional bus, or empty.
    public static void Register(IServiceCollection services, string name)
    {
        services.AddOptions<SidekiqTransportOptions>(name).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<SidekiqTransportOptions>, SidekiqSettingsValidator>()
        );
    }

    public ValidateOptionsResult Validate(string? name, SidekiqTransportOptions options)
    {
        var settings = new SidekiqHostSettings();
        settings.Apply(options);
        return Validate(nameof(SidekiqTransportOptions), name, settings);
    }

    public ValidateOptionsResult Validate(string? name, SidekiqHostSettings options) =>
        Validate("Sidekiq inspector", name, options);

    static ValidateOptionsResult Validate(string what, string? name, SidekiqHostSettings settings)
    {
        var of = string.IsNullOrEmpty(name) ? "" : $" of {name}";
        var faults = settings
            .Validate()
            .Where(result => result.Disposition == ValidationResultDisposition.Failure)
            .Select(fault => $"{what}{of}, {fault.Key}: {fault.Message}")
            .ToList();

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
