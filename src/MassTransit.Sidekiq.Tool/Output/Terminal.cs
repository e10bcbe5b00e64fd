using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace MassTransit.Sidekiq;

// Where a command shows what it found: tables for people, JSON for programs, both from the same records.
internal sealed class Terminal(ToolHost host, bool isJson)
{
    static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web)
    {
        // Class names and errors stay readable; no browser reads this as HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        WriteIndented = true,
    };

    static readonly JsonSerializerOptions jsonLine = new(json) { WriteIndented = false };

    public bool IsJson => isJson;

    // Whether somebody sits there, whom one can ask and show progress.
    public bool IsLive => !isJson && host.Console.Profile.Capabilities.Interactive;

    // A list: a table, or an array.
    public void Show<T>(IReadOnlyList<T> records, Sheet<T> sheet)
    {
        if (isJson)
        {
            Write(JsonSerializer.Serialize(records, json));
        }
        else if (records.Count == 0)
        {
            Write(sheet.Empty);
        }
        else
        {
            host.Console.Write(Table(records, sheet));
        }
    }

    // One result: a sentence, or an object.
    public void Show<T>(T record, string text) =>
        Write(isJson ? JsonSerializer.Serialize(record, json) : Words.Printable(text));

    // One of many results: a sentence, or an object, each on a line.
    public void ShowLine<T>(T record, string text) =>
        Write(isJson ? JsonSerializer.Serialize(record, jsonLine) : Words.Printable(text));

    // What is no result, for people: it goes to the error output, so that it is never in the JSON.
    public void Note(string text) => host.Errors.WriteLine(Words.Printable(text));

    // Asks for a yes, which --yes gives in advance. Where nobody can be asked, that is required.
    public bool IsConfirmed(string question, bool isYes)
    {
        if (isYes)
        {
            return true;
        }

        return IsLive
            ? host.Console.Confirm(Markup.Escape(Words.Printable(question)), defaultValue: false)
            : throw new ToolFault(
                $"{question} Nobody can be asked here: pass --yes to do it, or --dry-run to see what it would do."
            );
    }

    // Shows how far a long work is. `work` calls its argument with each entry that it has looked at.
    public Task<T> Progress<T>(string what, long total, Func<Action, Task<T>> work) =>
        IsLive && total > 0
            ? host
                .Console.Progress()
                .AutoClear(true)
                .StartAsync(context =>
                {
                    var task = context.AddTask(Markup.Escape(what), maxValue: total);
                    return work(() => task.Increment(1));
                })
            : work(static () => { });

    // Shows what is waited for.
    public Task<T> Status<T>(string what, Func<Task<T>> work) =>
        IsLive ? host.Console.Status().StartAsync(Markup.Escape(what), _ => work()) : work();

    // Not by the console, which breaks lines at its width: a program reads this, or a terminal breaks it by itself.
    void Write(string text) => host.Console.Profile.Out.Writer.WriteLine(text);

    static Table Table<T>(IReadOnlyList<T> records, Sheet<T> sheet)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in sheet.Columns)
        {
            var header = new TableColumn(new Text(column.Title, new Style(decoration: Decoration.Bold)));
            header.NoWrap = column.IsWhole;
            table.AddColumn(column.IsNumber ? header.RightAligned() : header);
        }

        foreach (var record in records)
        {
            table.AddRow(
                sheet.Columns.Select(column => new Text(
                    Words.Printable(column.Text(record)),
                    new Style(foreground: column.Color?.Invoke(record))
                ))
            );
        }

        return table;
    }
}
