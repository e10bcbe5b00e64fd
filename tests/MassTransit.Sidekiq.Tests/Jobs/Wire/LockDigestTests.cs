using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class LockDigestTests
{
    [Theory]
    [InlineData("""[1,"x"]""", "b1aafb0d4ee706f1fe2ea1f8a4d7d84ec4c24870a2b91d2da6f2ddb0c2249dcf")]
    [InlineData("""[{"a":2,"b":1}]""", "82c9656ed6aa58d0ca5d00081451bfd33f9edd2a45f27c647781c8783759541d")]
    [InlineData("""[ {"b" : 1, "a" : 2} ]""", "82c9656ed6aa58d0ca5d00081451bfd33f9edd2a45f27c647781c8783759541d")]
    public void Digest_is_the_one_that_another_client_computes(string args, string digest) =>
        Assert.Equal(digest, Of(args));

    [Theory]
    [InlineData("""[{"a":"é"}]""", """[{"a":"\u00e9"}]""")]
    [InlineData("""[{"x":{"c":1,"d":[{"f":0,"e":1}]}}]""", """[{"x":{"d":[{"e":1,"f":0}],"c":1}}]""")]
    [InlineData("[]", "")]
    public void Spelling_and_order_of_keys_make_no_difference(string args, string other) =>
        Assert.Equal(Of(args), Of(other));

    [Theory]
    [InlineData("[1]", "[2]")]
    [InlineData("[1]", """["1"]""")]
    [InlineData("[1,2]", "[2,1]")]
    public void Values_and_their_order_make_a_difference(string args, string other) =>
        Assert.NotEqual(Of(args), Of(other));

    [Fact]
    public void ActiveJobs_are_equal_by_their_class_and_arguments_whatever_their_ids()
    {
        const string one = """[{"job_class":"A","job_id":"1","queue_name":"a","arguments":[7]}]""";
        const string two = """[{"job_class":"A","job_id":"2","queue_name":"b","arguments":[7]}]""";

        Assert.Equal(LockDigest.Of(Bytes(one), "A"), LockDigest.Of(Bytes(two), "A"));
        Assert.NotEqual(LockDigest.Of(Bytes(one), "A"), LockDigest.Of(Bytes(one), "B"));
        Assert.NotEqual(
            LockDigest.Of(Bytes(one), "A"),
            LockDigest.Of(Bytes(one.Replace("[7]", "[8]", StringComparison.Ordinal)), "A")
        );
    }

    [Fact]
    public void Key_of_ones_own_is_the_only_argument() => Assert.Equal(Of("""["x"]"""), LockDigest.OfKey("x"));

    static string Of(string args) => LockDigest.Of(Bytes(args), wrapped: null);

    static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
