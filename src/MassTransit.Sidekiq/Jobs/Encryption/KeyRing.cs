using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

/// <summary>
/// The keys of a bus by version: the newest encrypts, each decrypts what it encrypted (AES-256-GCM).
/// 1. The last argument of a job becomes the string mt1.&lt;version&gt;.&lt;base64 of nonce, tag and ciphertext&gt;.
/// 2. Authenticated with it are the form, the version and the message type, so that it is not accepted in a job of another type. Not the
///    jid: a redelivery may have another one, and the copies of a publish have one each. Not the class: each subscriber names its own.
/// </summary>
internal sealed class KeyRing
{
    public const int KeySize = 32;
    public const string Form = "mt1";

    public static readonly KeyRing None = new([]);

    const int NonceSize = 12;
    const int TagSize = 16;

    readonly SortedDictionary<int, byte[]> keys;

    KeyRing(SortedDictionary<int, byte[]> keys) => this.keys = keys;

    public bool IsEmpty => keys.Count == 0;

    string Versions => string.Join(", ", keys.Keys.Select(version => version.ToString(CultureInfo.InvariantCulture)));

    // As they are configured; see Fault.
    public static KeyRing Of(IDictionary<int, string> keys) =>
        keys.Count == 0
            ? None
            : new(new(keys.ToDictionary(key => key.Key, key => Convert.FromBase64String(key.Value))));

    // What is wrong with a key, without the key; null for nothing.
    public static string? Fault(int version, string? key)
    {
        if (version < 1)
        {
            return $"Version {version} is not positive. Number the keys from 1; the highest number encrypts.";
        }

        var bytes = new byte[KeySize + 1];
        return Convert.TryFromBase64String(key ?? "", bytes, out var length) && length == KeySize
            ? null
            : $"The key of version {version} is not the base64 of {KeySize} bytes. Make one with: openssl rand -base64 {KeySize}";
    }

    // A complete array of arguments, with the last one encrypted.
    // Throws JobEncryptionException: there is no key.
    public ReadOnlyMemory<byte> Seal(ReadOnlyMemory<byte> args, string messageType)
    {
        if (IsEmpty)
        {
            throw new JobEncryptionException(
                $"Message {messageType} is to be encrypted, and this bus has no key. Give its host one, EncryptionKey(1, …), the same as its consumers'."
            );
        }

        var last = Last(args.Span);
        if (last.IsAbsent)
        {
            return args;
        }

        using var text = JobText.Rent();
        text.Raw(args.Span[..last.Start]);
        text.Raw("\""u8);
        text.Raw(Encrypt(last.In(args), messageType));
        text.Raw("\""u8);
        text.Raw(args.Span[(last.Start + last.Length)..]);
        return text.ToArray();
    }

    // The job as it was before its last argument was encrypted.
    // Throws JobEncryptionException: the key is missing or another one, or the job was changed.
    public SidekiqJob Open(SidekiqJob job)
    {
        if (job is { HasArgumentList: true, ArgsCount: 0 })
        {
            return job;
        }

        var last = job.HasArgumentList && job.ArgsCount > 0 ? Last(job.Args.Span) : default;
        var parts = (JobSlice.Text(last.In(job.Args)) ?? "").Split('.');
        if (
            parts is not [Form, var number, var sealedText]
            || !int.TryParse(number, CultureInfo.InvariantCulture, out var version)
        )
        {
            throw new JobEncryptionException(
                $"Job class '{job.Class}' declares its last argument as encrypted, but it is not in the form {Form}.<version>.<base64>. "
                    + "It was replaced on its way: send the message again."
            );
        }

        if (!keys.TryGetValue(version, out var key))
        {
            throw new JobEncryptionException(
                $"The last argument of job class '{job.Class}' is encrypted with key version {version}, and this bus has {(IsEmpty ? "no key" : $"versions {Versions}")}. "
                    + $"Give its host the sender's EncryptionKey({version}, …), and retry the job."
            );
        }

        using var text = JobText.Rent();
        text.Raw(job.Args.Span[..last.Start]);
        text.Raw(Decrypt(job, sealedText, version, key));
        text.Raw(job.Args.Span[(last.Start + last.Length)..]);
        return SidekiqJob.Parse(JobJson.Edit(job.Json, new JobEdit().SetRaw("args", text.Written)), job.Queue);
    }

    // A nonce is drawn for each job: a key is good for some billions of them.
    byte[] Encrypt(ReadOnlySpan<byte> plain, string messageType)
    {
        var (version, key) = keys.Last();
        var sealedBytes = new byte[NonceSize + TagSize + plain.Length];
        var nonce = sealedBytes.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(
            nonce,
            plain,
            sealedBytes.AsSpan(NonceSize + TagSize),
            sealedBytes.AsSpan(NonceSize, TagSize),
            Bound(version, messageType)
        );

        return
        [
            .. Encoding.ASCII.GetBytes(Prefix(version)),
            .. Encoding.ASCII.GetBytes(Convert.ToBase64String(sealedBytes)),
        ];
    }

    static byte[] Decrypt(SidekiqJob job, string text, int version, byte[] key)
    {
        try
        {
            var sealedBytes = Convert.FromBase64String(text);
            var plain = new byte[sealedBytes.Length - NonceSize - TagSize];
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(
                sealedBytes.AsSpan(0, NonceSize),
                sealedBytes.AsSpan(NonceSize + TagSize),
                sealedBytes.AsSpan(NonceSize, TagSize),
                plain,
                Bound(version, job.Metadata!.MessageTypes.FirstOrDefault() ?? "")
            );
            return plain;
        }
        catch (Exception fault) when (fault is CryptographicException or FormatException or OverflowException)
        {
            throw new JobEncryptionException(
                $"The last argument of job class '{job.Class}' cannot be decrypted with key version {version}: the sender's key of this version is another one, or the job was changed. "
                    + "Compare the keys, and retry the job.",
                fault
            );
        }
    }

    static byte[] Bound(int version, string messageType) => Encoding.UTF8.GetBytes(Prefix(version) + messageType);

    static string Prefix(int version) => string.Create(CultureInfo.InvariantCulture, $"{Form}.{version}.");

    static JobSlice Last(ReadOnlySpan<byte> args)
    {
        var reader = new Utf8JsonReader(args, JobReader.Options);
        reader.Read();
        var last = default(JobSlice);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            last = JobReader.Slice(ref reader);
        }

        return last;
    }
}
