using DashboardHost;
using MassTransit;
using Microsoft.AspNetCore.Authentication;

var builder = WebApplication.CreateBuilder(args);
var redis = builder.Configuration.GetConnectionString("redis") ?? builder.Configuration["REDIS_URL"];
var settings = builder.Configuration.GetSection("Dashboard").Get<DashboardSettings>() ?? new DashboardSettings();
if (settings.Fault(redis, builder.Environment.IsDevelopment()) is { } fault)
{
    await Console.Error.WriteLineAsync(fault);
    return 1;
}

builder.Services.AddSidekiqInspector(redis!, host => host.KeyPrefix = settings.KeyPrefix);
builder.Services.AddHealthChecks();

// The sign-in. README.md says how another one is put in its place.
builder.Services.AddSingleton(settings);
builder.Services.AddAuthorization();
builder
    .Services.AddAuthentication(BasicAuthentication.Name)
    .AddScheme<AuthenticationSchemeOptions, BasicAuthentication>(BasicAuthentication.Name, configureOptions: null);

var app = builder.Build();

app.MapHealthChecks("/health");
var dashboard = app.MapSidekiqDashboard("/", options => settings.Apply(options));
if (settings.HasSignIn)
{
    dashboard.RequireAuthorization();
}

await app.RunAsync();
return 0;
