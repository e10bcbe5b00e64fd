using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace MassTransit.Sidekiq;

// Why the API did not do as it was asked (RFC 9457).
internal sealed record ApiProblem(string Type, string Title, int Status, string Detail)
{
    public static Task Write(HttpContext context, int status, string detail)
    {
        var problem = new ApiProblem("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail);
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            problem,
            ApiJson.Options,
            "application/problem+json",
            context.RequestAborted
        );
    }
}
