namespace MassTransit;

/// <summary>Where the embedded server keeps its data and listens. See docs/embedded.md.</summary>
public sealed class SidekiqEmbeddedServerOptions
{
    /// <summary>
    /// The folder of its data: a restart finds the jobs of the last run there. A relative one is below the content root of the
    /// host. One process at a time uses a folder; the start of a second one fails. Default:
    /// <c>MassTransit.Sidekiq/&lt;application&gt;</c> below the user's local application data (<c>~/.local/share</c> on Linux).
    /// </summary>
    public string? DataFolder { get; set; }

    /// <summary>
    /// The TCP port, on 127.0.0.1 alone. A fixed one lets other processes of this machine connect, such as Ruby, a second
    /// worker or <c>redis-cli</c>; the start fails when it is taken. Default: 0, a free one, which the log names.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// How many databases can be selected, as in redis.conf. Each one that is used costs about 20 MB. Default: 16.
    /// </summary>
    public int Databases { get; set; } = 16;
}
