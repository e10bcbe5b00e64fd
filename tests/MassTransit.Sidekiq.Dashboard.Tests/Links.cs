using System.Net;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// What is found in the HTML of a page.
static partial class Links
{
    // Links that begin with this, as a visitor's client takes them.
    public static IEnumerable<string> Of(string page, string start) =>
        Href()
            .Matches(page)
            .Select(match => WebUtility.HtmlDecode(match.Groups[1].Value))
            .Where(link => link.StartsWith(start, StringComparison.Ordinal));

    public static string Next(string page) => Of(page, "?after=").FirstOrDefault() ?? "";

    // Of the jobs that can be chosen.
    public static IEnumerable<string> Jids(string page) =>
        Choice().Matches(page).Select(match => match.Groups[1].Value);

    // The keys of the jobs that can be chosen.
    public static IEnumerable<string> Keys(string page) =>
        Key().Matches(page).Select(match => match.Groups[1].Value).Distinct();

    // Of the hidden fields of this name.
    public static IEnumerable<string> Values(string page, string field) =>
        Regex
            .Matches(page, $"name=\"{field}\" value=\"([^\"]+)\"")
            .Select(match => WebUtility.HtmlDecode(match.Groups[1].Value));

    [GeneratedRegex("href=\"([^\"]+)\"")]
    private static partial Regex Href();

    [GeneratedRegex("aria-label=\"Choose ([^\"]*)\"")]
    private static partial Regex Choice();

    [GeneratedRegex("name=\"(?:entry|job)\" value=\"([^\"]+)\"")]
    private static partial Regex Key();
}
