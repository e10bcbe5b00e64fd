using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MassTransit.Sidekiq.Outbox.Tests;

// What an application wants of all its types.
public abstract class Agreement
{
    public virtual string? Schema => null;

    public virtual void Conventions(ModelConfigurationBuilder builder) { }

    public virtual void Before(ModelBuilder builder) { }

    public virtual void Afterwards(ModelBuilder builder) { }
}

// The application's own table.
public class Note
{
    public virtual Guid Id { get; set; }

    public virtual DateTime At { get; set; }
}

public class AgreedDb<T>(DbContextOptions options) : DbContext(options)
    where T : Agreement, new()
{
    readonly T agreement = new();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        agreement.Conventions(configurationBuilder);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Note>().HasKey(note => note.Id);
        modelBuilder.Entity<Note>().Property(note => note.At);
        agreement.Before(modelBuilder);
        modelBuilder.AddSidekiqOutbox(agreement.Schema);
        agreement.Afterwards(modelBuilder);
    }
}

sealed class Nothing : Agreement;

sealed class GuidsAsText : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Properties<Guid>().HaveConversion<string>().HaveMaxLength(64);
}

sealed class GuidsAsBytes : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Properties<Guid>().HaveConversion<GuidToBytesConverter>();
}

sealed class ShortTexts : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Properties<string>().HaveMaxLength(100).AreUnicode(false);
}

sealed class TimesAsNumbers : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Properties<DateTime>().HaveConversion<DateTimeToBinaryConverter>();
}

sealed class TimesWithoutZone : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Properties<DateTime>().HaveColumnType("timestamp without time zone").HavePrecision(0);

    public override void Before(ModelBuilder builder) =>
        builder.Entity<Note>().Property(note => note.At).HasColumnType("timestamp with time zone");
}

sealed class TimesInUtc : Agreement
{
    public override void Afterwards(ModelBuilder builder)
    {
        foreach (var property in builder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            if (property.ClrType == typeof(DateTime))
            {
                property.SetValueConverter(
                    new ValueConverter<DateTime, DateTime>(
                        time => time,
                        time => DateTime.SpecifyKind(time, DateTimeKind.Utc)
                    )
                );
            }
        }
    }
}

sealed class AddressesAsBytes : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Properties<Uri>().HaveConversion<byte[]>();
}

sealed class NothingFoundByItself : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder)
    {
        builder.Conventions.Remove<PropertyDiscoveryConvention>();
        builder.Conventions.Remove<KeyDiscoveryConvention>();
        builder.Conventions.Remove<ForeignKeyIndexConvention>();
    }
}

sealed class NothingRequired : Agreement
{
    public override void Conventions(ModelConfigurationBuilder builder) =>
        builder.Conventions.Remove<NonNullableReferencePropertyConvention>();
}

sealed class ASchemaOfItsOwn : Agreement
{
    public override string Schema => "bus";
}

sealed class ASchemaForAll : Agreement
{
    public override void Before(ModelBuilder builder) => builder.HasDefaultSchema("shop");
}

sealed class EntitiesThatTell : Agreement
{
    public override void Before(ModelBuilder builder)
    {
        builder.HasChangeTrackingStrategy(ChangeTrackingStrategy.ChangingAndChangedNotifications);
        builder.Entity<Note>().HasChangeTrackingStrategy(ChangeTrackingStrategy.Snapshot);
    }
}

sealed class Everything : Agreement
{
    public override string Schema => "bus";

    public override void Conventions(ModelConfigurationBuilder builder)
    {
        builder.Properties<Guid>().HaveConversion<string>();
        builder.Properties<string>().HaveMaxLength(100).AreUnicode(false);
        builder.Properties<DateTime>().HaveConversion<DateTimeToBinaryConverter>();
        builder.Properties<Uri>().HaveConversion<byte[]>();
        builder.Properties<long>().HaveConversion<string>();
        builder.Properties<int>().HaveConversion<string>();
    }
}

sealed class GuidsAsTextAfterwards : Agreement
{
    public override void Afterwards(ModelBuilder builder)
    {
        foreach (var property in builder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            if (property.ClrType == typeof(Guid))
            {
                property.SetProviderClrType(typeof(string));
            }
        }
    }
}

sealed class ShortTextsAfterwards : Agreement
{
    public override void Afterwards(ModelBuilder builder)
    {
        foreach (var property in builder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            if (property.ClrType == typeof(string))
            {
                property.SetMaxLength(100);
            }
        }
    }
}
