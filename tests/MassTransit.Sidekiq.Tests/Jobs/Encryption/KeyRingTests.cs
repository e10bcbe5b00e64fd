using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class KeyRingTests
{
    const string Type = "urn:message:Shop:Pay";

    static readonly string first = Convert.ToBase64String(new byte[32]);
    static readonly string second = Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]);

    [Theory]
    [InlineData("""[{"card":"4111"}]""", "[")]
    [InlineData("""[ 1, "a" , {"card" : 4111.50} ]""", """[ 1, "a" , """)]
    [InlineData("""["4111"]""", "[")]
    public void Last_argument_is_encrypted_and_comes_back_byte_for_byte(string args, string before)
    {
        var ring = Ring((1, first));

        var written = Seal(ring, args);

        Assert.StartsWith(before + "\"mt1.1.", written, StringComparison.Ordinal);
        Assert.DoesNotContain("4111", written, StringComparison.Ordinal);
        Assert.Equal(args, Open(ring, written));
    }

    [Fact]
    public void Same_message_is_encrypted_otherwise_each_time() =>
        Assert.NotEqual(Seal(Ring((1, first)), "[1]"), Seal(Ring((1, first)), "[1]"));

    [Fact]
    public void No_argument_is_nothing_to_encrypt()
    {
        Assert.Equal("[]", Seal(Ring((1, first)), "[]"));
        Assert.Equal("[]", Open(Ring((1, first)), "[]"));
    }

    [Fact]
    public void Newest_key_encrypts_and_each_decrypts()
    {
        var old = Seal(Ring((9, first)), "[1]");
        var both = Ring((10, second), (9, first));

        var now = Seal(both, "[1]");

        Assert.StartsWith("[\"mt1.10.", now, StringComparison.Ordinal);
        Assert.Equal("[1]", Open(both, old));
        Assert.Equal("[1]", Open(both, now));
        Assert.Equal("[1]", Open(Ring((10, second)), now));
    }

    [Fact]
    public void Missing_key_is_named_with_what_there_is()
    {
        var written = Seal(Ring((3, first)), "[1]");

        Assert.Equal(
            "The last argument of job class 'Pay' is encrypted with key version 3, and this bus has versions 1, 2. Give its host the sender's EncryptionKey(3, …), and retry the job.",
            Refusal(Ring((1, first), (2, second)), written)
        );
        Assert.Contains("and this bus has no key.", Refusal(KeyRing.None, written), StringComparison.Ordinal);
        Assert.Contains(
            "this bus has no key",
            Assert.Throws<JobEncryptionException>(() => Seal(KeyRing.None, "[1]")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Other_key_other_type_and_changed_text_are_refused()
    {
        var ring = Ring((1, first));
        var written = Seal(ring, "[1]");
        // Not the last character, of which some bits say nothing.
        var changed = written[..^8] + (written[^8] == 'A' ? 'B' : 'A') + written[^7..];

        Assert.Contains(
            "key version 1: the sender's key",
            Refusal(Ring((1, second)), written),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "key version 1: the sender's key",
            Refusal(ring, written, "urn:message:Shop:Refund"),
            StringComparison.Ordinal
        );
        Assert.Contains("key version 1: the sender's key", Refusal(ring, changed), StringComparison.Ordinal);
        // The version is authenticated as well.
        Assert.Contains(
            "key version 2: the sender's key",
            Refusal(Ring((1, first), (2, first)), written.Replace("mt1.1.", "mt1.2.", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("[\"mt1.x.AAAA\"]")]
    [InlineData("[\"mt2.1.AAAA\"]")]
    [InlineData("{}")]
    [InlineData("null")]
    public void What_is_declared_as_encrypted_and_is_not_is_refused(string args) =>
        Assert.Contains(
            "not in the form mt1.<version>.<base64>",
            Refusal(Ring((1, first)), args),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("[\"mt1.1.AAAA\"]")]
    [InlineData("[\"mt1.1.#\"]")]
    public void Text_that_is_too_short_or_no_base64_is_refused(string args) =>
        Assert.Contains("cannot be decrypted", Refusal(Ring((1, first)), args), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "is not positive")]
    [InlineData(2, "secret", "openssl rand -base64 32")]
    [InlineData(2, "AAAA", "openssl rand -base64 32")]
    [InlineData(2, null, "openssl rand -base64 32")]
    public void Faulty_key_is_refused_without_being_told(int version, string? key, string remedy)
    {
        var fault = KeyRing.Fault(version, key)!;

        Assert.Contains(remedy, fault, StringComparison.Ordinal);
        Assert.DoesNotContain(key ?? "AAAA", fault, StringComparison.Ordinal);
        Assert.Null(KeyRing.Fault(1, first));
    }

    static KeyRing Ring(params (int Version, string Key)[] keys) =>
        KeyRing.Of(keys.ToDictionary(key => key.Version, key => key.Key));

    static string Seal(KeyRing ring, string args) =>
        Encoding.UTF8.GetString(ring.Seal(Encoding.UTF8.GetBytes(args), Type).Span);

    static string Open(KeyRing ring, string args, string type = Type) =>
        Encoding.UTF8.GetString(
            ring.Open(
                SidekiqJob.Parse(
                    Encoding.UTF8.GetBytes(
                        $$$"""{"class":"Pay","args":{{{args}}},"mt":{"type":["{{{type}}}"],"enc":true}}"""
                    ),
                    "orders"
                )
            ).Args.Span
        );

    static string Refusal(KeyRing ring, string args, string type = Type) =>
        Assert.Throws<JobEncryptionException>(() => Open(ring, args, type)).Message;
}
