namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class JobHostTests
{
    [Fact]
    public void Process_is_written_once_and_short()
    {
        Assert.True(JobHost.Current.Equals(JobHost.Current));
        Assert.InRange(JobHost.Current.Length, 20, 120);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"name":1,"pid":"x","app":[1],"v":{"a":2},"more":null}""")]
    public void What_is_no_host_is_one_of_which_nothing_is_known(string json)
    {
        var host = JobHost.Of(System.Text.Encoding.UTF8.GetBytes(json));

        Assert.Null(host.MachineName);
        Assert.Equal(0, host.ProcessId);
        Assert.Null(host.Assembly);
        Assert.Null(host.AssemblyVersion);
    }
}
