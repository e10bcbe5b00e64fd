// The embedded server as a process of its own, to be killed, or for the tests of the transport: EmbeddedHost FOLDER [PORT [DATABASES]].
using System.Globalization;
using MassTransit;
using Microsoft.Extensions.Hosting;

var app = Host.CreateApplicationBuilder();
app.Services.AddSidekiqEmbeddedServer(options =>
{
    options.DataFolder = args[0];
    options.Port = Number(1, 0);
    options.Databases = Number(2, 16);
});
await app.Build().RunAsync();

int Number(int at, int otherwise) => args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
