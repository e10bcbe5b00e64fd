using MassTransit;

namespace DashboardHost;

/// <summary>The section Dashboard of the configuration.</summary>
sealed class DashboardSettings
{
    /// <summary>The role of those who may do everything; everybody else who has signed in may look.</summary>
    public const string AdminRole = "Admin";

    public string Title { get; set; } = "Sidekiq";

    public string KeyPrefix { get; set; } = "";

    public Account Admin { get; set; } = new() { User = "admin" };

    public Account Reader { get; set; } = new() { User = "reader" };

    public bool HasSignIn => Admin.IsOpen || Reader.IsOpen;

    /// <summary>Why the dashboard does not start; null when it may.</summary>
    public string? Fault(string? redis, bool isDevelopment) =>
        string.IsNullOrWhiteSpace(redis)
            ? "The address of Redis is missing. Set ConnectionStrings__redis or REDIS_URL, such as redis://:password@redis:6379/0."
        : HasSignIn || isDevelopment ? null
        : "Nobody can sign in, and the dashboard is not served without a sign-in. Set Dashboard__Admin__Password, and Dashboard__Reader__Password for those who may only look.";

    public void Apply(SidekiqDashboardOptions options)
    {
        options.Title = Title;
        if (HasSignIn)
        {
            options.Access = context =>
                context.User.IsInRole(AdminRole) ? SidekiqDashboardAccess.Admin : SidekiqDashboardAccess.Read;
        }
    }
}

/// <summary>A user name and a password. Without a password it is closed.</summary>
sealed class Account
{
    public string User { get; set; } = "";

    public string Password { get; set; } = "";

    public bool IsOpen => Password.Length > 0;
}
