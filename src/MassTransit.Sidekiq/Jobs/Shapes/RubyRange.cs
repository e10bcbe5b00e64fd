using System.Text.Json.Serialization;

namespace MassTransit;

/// <summary>
/// Ruby's Range as a property of a message: written to an ActiveJob as a Range, and read from one (Rails 7.1). A range without an end
/// has a nullable <typeparamref name="T" />.
/// </summary>
/// <param name="Begin">The first value.</param>
/// <param name="End">The last value.</param>
/// <param name="ExcludeEnd">Whether the last value is not part of it, as in <c>1...10</c>. Default: false.</param>
public readonly record struct RubyRange<T>(
    [property: JsonPropertyName("begin")] T Begin,
    [property: JsonPropertyName("end")] T End,
    [property: JsonPropertyName("exclude_end")] bool ExcludeEnd = false
);
