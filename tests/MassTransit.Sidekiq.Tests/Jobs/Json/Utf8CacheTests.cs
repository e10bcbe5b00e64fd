using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class Utf8CacheTests
{
    readonly Utf8Cache<string> names = new(static utf8 => Encoding.UTF8.GetString(utf8));

    [Fact]
    public void Name_that_comes_again_is_the_same_object()
    {
        Assert.Same(names.Get("Shop::Order"u8), names.Get("Shop::Order"u8));
    }

    [Fact]
    public void Names_that_share_a_slot_are_never_taken_for_each_other()
    {
        var all = Enumerable.Range(0, 5000).Select(number => $"Job{number}").ToList();

        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(all, all.Select(name => names.Get(Encoding.UTF8.GetBytes(name))));
        }
    }

    [Fact]
    public void Long_name_is_made_each_time_and_not_kept()
    {
        var name = Encoding.UTF8.GetBytes(new string('x', 1000));

        Assert.NotSame(names.Get(name), names.Get(name));
    }
}
