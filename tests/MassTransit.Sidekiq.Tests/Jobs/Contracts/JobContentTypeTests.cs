using System.Net.Mime;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class JobContentTypeTests
{
    [Theory]
    [InlineData(SidekiqNaming.CamelCase, "application/json")]
    [InlineData(SidekiqNaming.SnakeCase, "application/vnd.sidekiq.snake+json")]
    [InlineData(SidekiqNaming.AsDeclared, "application/vnd.sidekiq.declared+json")]
    public void Naming_has_a_type_of_its_own_by_which_it_is_known_again(SidekiqNaming naming, string type)
    {
        Assert.Equal(type, JobContentType.Of(naming).MediaType);
        Assert.Equal(naming, JobContentType.NamingOf(JobContentType.Of(naming)));
        Assert.Equal(naming, JobContentType.NamingOf(new ContentType(type.ToUpperInvariant() + "; charset=utf-8")));
    }

    // The type of a body, whether it is the message alone, and whether it is JSON.
    [Theory]
    [InlineData("application/json", true, true)]
    [InlineData("Application/JSON; charset=utf-8", true, true)]
    [InlineData("application/vnd.sidekiq.snake+json", true, true)]
    [InlineData("application/vnd.sidekiq.declared+json", true, true)]
    [InlineData("application/vnd.masstransit+json", false, true)]
    [InlineData("APPLICATION/VND.MASSTRANSIT+JSON", false, true)]
    [InlineData("application/vnd.masstransit+aes", false, false)]
    [InlineData("application/octet-stream", false, false)]
    [InlineData("text/plain", false, false)]
    public void Body_is_known_by_its_type(string type, bool isBare, bool isJson)
    {
        var contentType = new ContentType(type);

        Assert.Equal((isBare, isJson), (JobContentType.IsBare(contentType), JobContentType.IsJson(contentType)));
    }

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("APPLICATION/JSON; charset=utf-8", true)]
    [InlineData("application/vnd.sidekiq.snake+json", false)]
    [InlineData("application/vnd.masstransit+json", false)]
    public void Type_that_a_job_need_not_name_is_plain_JSON(string type, bool isDefault) =>
        Assert.Equal(isDefault, JobContentType.IsDefault(new ContentType(type)));

    [Fact]
    public void Type_that_is_none_of_ours_names_properties_as_JSON_does() =>
        Assert.Equal(
            SidekiqNaming.CamelCase,
            JobContentType.NamingOf(new ContentType("application/vnd.masstransit+json"))
        );
}
