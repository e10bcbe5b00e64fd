using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace MassTransit.Sidekiq;

// Writes messages on PostgreSQL as a part (WITH) of the statement by which Entity Framework writes their OutboxState: one
// statement to send, plan and answer, however many messages there are, and all are written or none. The foreign key
// is checked when the whole statement has run.
internal sealed class MessageInsert
{
    // Whose statements begin as we expect them. A later version writes message by message until this was tested with it.
    const int EntityFramework = 10;
    const string Provider = "Npgsql.EntityFrameworkCore.PostgreSQL";

    readonly string state;
    readonly string table;
    readonly IReadOnlyList<Column> columns;

    MessageInsert(string state, string table, IReadOnlyList<Column> columns) =>
        (this.state, this.table, this.columns) = (state, table, columns);

    // Null where messages have to be written one by one: on another database, and where an application has added columns
    // to them, whose values only the tracker knows.
    public static MessageInsert? For(DbContext context)
    {
        var message = context.Model.FindEntityType(typeof(OutboxMessage))!;
        var written = message.GetProperties().Where(column => column.Name != nameof(OutboxMessage.SequenceNumber));
        if (
            context.Database.ProviderName != Provider
            || typeof(DbContext).Assembly.GetName().Version?.Major != EntityFramework
            || message.GetProperties().Any(column => column.IsShadowProperty())
        )
        {
            return null;
        }

        // As Entity Framework quotes them, which is only where they need it.
        var sql = context.GetService<ISqlGenerationHelper>();
        var table = StoreObjectIdentifier.Create(message, StoreObjectType.Table)!.Value;
        var state = StoreObjectIdentifier
            .Create(context.Model.FindEntityType(typeof(OutboxState))!, StoreObjectType.Table)!
            .Value;

        return new MessageInsert(
            $"INSERT INTO {sql.DelimitIdentifier(state.Name, state.Schema)} (",
            sql.DelimitIdentifier(table.Name, table.Schema),
            [.. written.Select(column => new Column(column, sql.DelimitIdentifier(column.GetColumnName(table)!)))]
        );
    }

    // False if it does not write an OutboxState in the way that is known.
    public bool Join(DbCommand command, IReadOnlyList<OutboxMessage> messages)
    {
        // The last one, which follows all the others that the messages may refer to.
        var at = command.CommandText.LastIndexOf(state, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        command.CommandText = command.CommandText.Insert(at, Text(command, messages));
        return true;
    }

    // A column without any value is left out. Several messages are arrays, a value of each for every column.
    string Text(DbCommand command, IReadOnlyList<OutboxMessage> messages)
    {
        var (names, values, elements) = (new StringBuilder(), new StringBuilder(), new StringBuilder());
        var isSingle = messages.Count == 1;
        foreach (var (number, column) in columns.Index())
        {
            if (column.Values(messages) is not { } written)
            {
                continue;
            }

            var parameter = string.Create(CultureInfo.InvariantCulture, $"@outbox{number}");
            OutboxDialect.Parameter(command, parameter, isSingle ? written.GetValue(0) : written);
            names.Append(column.Name).Append(", ");
            values.Append(parameter).Append(", ");
            elements.Append(CultureInfo.InvariantCulture, $"c{number}, ");
        }

        (names.Length, values.Length) = (names.Length - 2, values.Length - 2);
        var rows = isSingle
            ? $"SELECT {values}"
            : $"SELECT {elements.ToString(0, elements.Length - 2)} FROM unnest({values})"
                + $" WITH ORDINALITY AS m({elements}place) ORDER BY place";

        return $"WITH sidekiq_staged AS (INSERT INTO {table} ({names}) {rows})\n";
    }

    sealed class Column(IProperty property, string name)
    {
        readonly Func<object?, object?> stored =
            property.GetTypeMapping().Converter?.ConvertToProvider ?? (value => value);

        public string Name => name;

        // As an array of the type that is stored, or null if none has a value.
        public Array? Values(IReadOnlyList<OutboxMessage> messages)
        {
            var values = new object?[messages.Count];
            var hasValue = false;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = stored(property.GetGetter().GetClrValue(messages[i]));
                hasValue |= values[i] is not null;
            }

            return !hasValue
                ? null
                : values.First(value => value is not null) switch
                {
                    Guid => Array.ConvertAll(values, value => (Guid?)value),
                    DateTime => Array.ConvertAll(values, value => (DateTime?)value),
                    _ => Array.ConvertAll(values, value => (string?)value),
                };
        }
    }
}
