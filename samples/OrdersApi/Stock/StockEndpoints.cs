using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace OrdersApi;

public sealed record StockLevel(int Available);

static class StockEndpoints
{
    public static void MapStock(this WebApplication app)
    {
        var stock = app.MapGroup("/stock").WithTags("Stock");
        stock.MapGet("/{item}", Show).WithSummary("How much of an item is left");
        stock.MapPut("/{item}", Set).WithSummary("Sets how much of an item there is");
    }

    static async Task<Ok<StockLevel>> Show(string item, OrdersDb db, CancellationToken cancellationToken)
    {
        var stock = await db.Stock.AsNoTracking().SingleOrDefaultAsync(known => known.Item == item, cancellationToken);

        return TypedResults.Ok(new StockLevel(stock?.Available ?? 0));
    }

    static async Task<NoContent> Set(string item, StockLevel level, OrdersDb db, CancellationToken cancellationToken)
    {
        var stock = await db.Stock.SingleOrDefaultAsync(known => known.Item == item, cancellationToken);
        if (stock is null)
        {
            stock = new StockItem { Item = item };
            db.Add(stock);
        }

        stock.Available = level.Available;
        await db.SaveChangesAsync(cancellationToken);

        return TypedResults.NoContent();
    }
}
