namespace MassTransit;

/// <summary>An item of an iterable consumer, and where to begin so that it comes first.</summary>
/// <param name="Item">The item.</param>
/// <param name="Cursor">Its place: an id, a line number, the token of a page. Keep it short, since it is saved every five seconds.</param>
public readonly record struct Step<TItem>(TItem Item, string Cursor);
