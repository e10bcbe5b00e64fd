using MassTransit.Serialization;

namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class EnvelopeHeadersTests
{
    readonly DictionarySendHeaders job = new();
    readonly DictionarySendHeaders envelope = new();

    [Fact]
    public void Header_of_the_job_hides_that_of_the_envelope_whatever_its_case()
    {
        job.Set("tenant", "of the job");
        envelope.Set("Tenant", "of the envelope");
        envelope.Set("other", "é");

        Assert.Equal(
            [("tenant", "of the job"), ("other", "é")],
            Headers().GetAll().Select(header => (header.Key, (string)header.Value))
        );
        Assert.Equal(["of the job", "é"], Headers().Select(header => header.Value));
        Assert.Equal("of the job", Headers().Get<string>("tenant"));
        Assert.True(Headers().TryGetHeader("tenant", out var hidden));
        Assert.True(Headers().TryGetHeader("other", out var value));
        Assert.Equal(("of the job", "é"), (hidden, value));
    }

    [Fact]
    public void Values_are_found_as_what_they_are_in_either()
    {
        job.Set("number", 42);
        envelope.Set("flag", true);

        Assert.Equal(42, Headers().Get<int>("number"));
        Assert.Equal(true, Headers().Get<bool>("flag"));
    }

    [Fact]
    public void Header_that_neither_has_is_none_or_what_was_asked_for_instead()
    {
        Assert.False(Headers().TryGetHeader("tenant", out _));
        Assert.Null(Headers().Get<string>("tenant"));
        Assert.Equal("default", Headers().Get("tenant", "default"));
        Assert.Equal(7, Headers().Get("number", (int?)7));
        Assert.Empty(Headers());
    }

    EnvelopeHeaders Headers() => new(job, envelope);
}
