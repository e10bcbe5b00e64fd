using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq;

// The folder of a server's data, locked against a second process: two stores on the same files would destroy them.
internal sealed class DataFolder : IDisposable
{
    readonly FileStream held;

    DataFolder(string path, FileStream held) => (Path, this.held) = (path, held);

    public string Path { get; }

    public static DataFolder Open(string? configured, IHostEnvironment environment)
    {
        var path = Find(configured, environment);
        try
        {
            Directory.CreateDirectory(path);
            // The operating system lets go of it however the process ends.
            var held = new FileStream(
                System.IO.Path.Combine(path, "in-use"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            );
            return new DataFolder(path, held);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"The embedded server cannot take its data folder {path}: {refused.Message} One process uses a folder at a time. "
                    + "End the other one, set another DataFolder, or connect both to one server: give the first a fixed Port and "
                    + "the second Sidekiq:Url=redis://127.0.0.1:<port>/0.",
                refused
            );
        }
    }

    public void Dispose() => held.Dispose();

    static string Find(string? configured, IHostEnvironment environment)
    {
        if (!string.IsNullOrWhiteSpace(configured))
        {
            return System.IO.Path.GetFullPath(configured, environment.ContentRootPath);
        }

        var data = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify
        );
        return data.Length > 0
            ? System.IO.Path.Combine(data, "MassTransit.Sidekiq", environment.ApplicationName)
            : throw new ConfigurationException(
                "The user of this process has no folder for local application data (HOME is not set). Set DataFolder of the embedded server."
            );
    }
}
