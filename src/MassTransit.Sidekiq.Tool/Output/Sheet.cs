namespace MassTransit.Sidekiq;

// How a record looks in a table.
internal sealed record Column<T>(string Title, Func<T, string> Text, bool IsNumber = false)
{
    // Whether it stays on one line in a narrow terminal, so that it can be copied; numbers do.
    public bool IsWhole { get; init; } = IsNumber;

    // The colour of a cell; null for that of the terminal.
    public Func<T, Spectre.Console.Color?>? Color { get; init; }
}

// How records are shown to people: their columns, and what is said when there are none. JSON has the records themselves.
internal sealed record Sheet<T>(string Empty, params IReadOnlyList<Column<T>> Columns);
