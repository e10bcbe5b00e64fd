using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MassTransit.Sidekiq;

// A column as our statements read and write it, whatever conventions an application has for its own types. What an application
// configures before its model is built (ConfigureConventions) is reverted here; what it does to the model afterwards is
// detected when the bus starts.
internal sealed class OutboxColumn
{
    static readonly Dictionary<(Type Entity, string Property), int> lengths = new()
    {
        [(typeof(OutboxMessage), nameof(OutboxMessage.ContentType))] = 256,
        [(typeof(OutboxMessage), nameof(OutboxMessage.SourceAddress))] = 256,
        [(typeof(OutboxMessage), nameof(OutboxMessage.DestinationAddress))] = 256,
        [(typeof(OutboxMessage), nameof(OutboxMessage.ResponseAddress))] = 256,
        [(typeof(OutboxMessage), nameof(OutboxMessage.FaultAddress))] = 256,
        [(typeof(OutboxLedger), nameof(OutboxLedger.Jid))] = 64,
    };

    static readonly NullabilityInfoContext nullability = new();

    readonly PropertyInfo property;
    readonly int? length;
    readonly bool isNullable;

    OutboxColumn(PropertyInfo property)
    {
        this.property = property;
        length = lengths.TryGetValue((property.DeclaringType!, property.Name), out var longest) ? longest : null;
        lock (nullability)
        {
            isNullable = nullability.Create(property).WriteState == NullabilityState.Nullable;
        }
    }

    string Name => property.Name;

    public static IEnumerable<OutboxColumn> Of<T>() => Of(typeof(T));

    public static IEnumerable<OutboxColumn> Of(Type entity) =>
        entity
            .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(property => new OutboxColumn(property));

    public void Map(EntityTypeBuilder entity)
    {
        var mapped = entity.Property(property.PropertyType, Name).Metadata;
        mapped.IsNullable = isNullable;
        mapped.SetMaxLength(length);
        mapped.SetIsUnicode(null);
        mapped.SetIsFixedLength(null);
        mapped.SetPrecision(null);
        mapped.SetScale(null);
        mapped.SetCollation(null);
        mapped.SetColumnType(null);
        mapped.SetProviderClrType(null);
        mapped.SetValueConverter((ValueConverter?)null);
        mapped.SetValueComparer((ValueComparer?)null);
    }

    // Throws when the model maps it differently.
    public void Check(IEntityType entity, IModel model)
    {
        var mapped = entity.FindProperty(Name) ?? throw Fault(entity, "is not mapped");
        var own = model.ModelDependencies?.TypeMappingSource.FindMapping(property.PropertyType);
        var stored = Stored(mapped.GetTypeMapping());
        if (own is not null && stored != Stored(own))
        {
            throw Fault(entity, $"is converted to {stored.Name}");
        }

        if (mapped.GetMaxLength() is { } longest && longest >= 0 && longest < (length ?? int.MaxValue))
        {
            throw Fault(entity, $"is cut to a length of {longest}");
        }
    }

    static Type Stored(CoreTypeMapping mapping)
    {
        var type = mapping.Converter?.ProviderClrType ?? mapping.ClrType;
        return Nullable.GetUnderlyingType(type) ?? type;
    }

    ConfigurationException Fault(IEntityType entity, string what) =>
        new(
            $"{entity.ClrType.Name}.{Name} {what} in the model of the DbContext, which the statements of the outbox cannot work with."
                + " Call modelBuilder.AddSidekiqOutbox() at the end of OnModelCreating, or exempt the namespace MassTransit.Sidekiq from the convention."
        );
}
