using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace DashboardHost;

/// <summary>HTTP basic authentication with the accounts of the configuration. The password is in each request, so serve it by TLS.</summary>
sealed class BasicAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    DashboardSettings settings
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "Basic";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(
            AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
            && string.Equals(header.Scheme, Name, StringComparison.OrdinalIgnoreCase)
                ? SignIn(header.Parameter ?? "")
                : AuthenticateResult.NoResult()
        );

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Basic realm=\"Sidekiq\", charset=\"UTF-8\"";
        return base.HandleChallengeAsync(properties);
    }

    AuthenticateResult SignIn(string credentials)
    {
        // Both are compared whatever the first comes to, so that the time of an answer tells nothing.
        var (isAdmin, isReader) = (Matches(settings.Admin, credentials), Matches(settings.Reader, credentials));
        if (!isAdmin && !isReader)
        {
            return AuthenticateResult.Fail("The user name or the password is wrong.");
        }

        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.Name, isAdmin ? settings.Admin.User : settings.Reader.User),
                new Claim(ClaimTypes.Role, isAdmin ? DashboardSettings.AdminRole : "Reader"),
            ],
            Name
        );
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    // Hashes have one length, which a comparison in fixed time needs.
    static bool Matches(Account account, string credentials) =>
        CryptographicOperations.FixedTimeEquals(
            Hash(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{account.User}:{account.Password}"))),
            Hash(credentials)
        ) && account.IsOpen;

    static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
