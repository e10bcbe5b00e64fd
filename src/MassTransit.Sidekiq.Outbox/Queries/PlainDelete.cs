using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace MassTransit.Sidekiq;

// DELETE as every database supports it: ExecuteDelete's statement for MySQL gives the table an alias, which
// MariaDB supports from 11.6 only.
internal static class PlainDelete
{
    // SQL Server takes 2100 parameters.
    const int Most = 1000;

    public static async Task<int> DeleteWhere<T>(
        this DbSet<T> rows,
        string property,
        IEnumerable<object> values,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var context = rows.GetService<ICurrentDbContext>().Context;
        var (table, column) = Names<T>(context, property);
        var deleted = 0;
        foreach (var some in values.Chunk(Most))
        {
            // Names from the model, and a parameter for each value: no outside input.
            var parameters = string.Join(", ", some.Select((_, number) => $"{{{number}}}"));
            var sql = $"DELETE FROM {table} WHERE {column} IN ({parameters})";
            deleted += await context.Database.ExecuteSqlRawAsync(sql, some, cancellationToken).ConfigureAwait(false);
        }

        return deleted;
    }

    static (string Table, string Column) Names<T>(DbContext context, string property)
    {
        var sql = context.GetService<ISqlGenerationHelper>();
        var entity = context.Model.FindEntityType(typeof(T))!;
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;

        return (
            sql.DelimitIdentifier(table.Name, table.Schema),
            sql.DelimitIdentifier(entity.FindProperty(property)!.GetColumnName(table)!)
        );
    }
}
