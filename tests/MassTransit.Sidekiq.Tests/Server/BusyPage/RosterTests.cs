namespace MassTransit.Sidekiq.Tests.Server;

public sealed class RosterTests
{
    readonly Roster roster = new();
    int changes;

    public RosterTests() => roster.Changed += (_, _) => changes++;

    [Fact]
    public void Endpoints_stand_in_one_order_whichever_came_first()
    {
        roster.Add(Endpoint("orders"));
        roster.Add(Endpoint("Zebras"));
        roster.Add(Endpoint("mails"));

        Assert.Equal(["Zebras", "mails", "orders"], Names());
    }

    [Fact]
    public void Endpoint_is_listed_until_its_listing_ends_and_each_time_it_is_told()
    {
        var listing = roster.Add(Endpoint("orders"));
        Assert.Equal(["orders"], Names());
        Assert.Equal(1, changes);
        roster.Add(Endpoint("mails"));

        listing.Dispose();

        Assert.Equal(["mails"], Names());
        Assert.Equal(3, changes);
    }

    [Fact]
    public void Of_two_endpoints_of_one_name_the_one_that_ends_goes()
    {
        var (first, second) = (Endpoint("orders"), Endpoint("orders"));
        using var _ = roster.Add(first);

        roster.Add(second).Dispose();

        Assert.Same(first, Assert.Single(roster.Endpoints));
    }

    [Fact]
    public void Listing_that_ends_twice_takes_nobody_else_along()
    {
        var listing = roster.Add(Endpoint("orders"));
        roster.Add(Endpoint("mails"));

        listing.Dispose();
        listing.Dispose();

        Assert.Equal(["mails"], Names());
    }

    [Fact]
    public void Who_looked_keeps_what_was_seen()
    {
        roster.Add(Endpoint("orders"));
        var seen = roster.Endpoints;

        roster.Add(Endpoint("mails"));

        Assert.Single(seen);
    }

    [Fact]
    public void Process_is_as_busy_as_its_endpoints_together()
    {
        var (orders, mails) = (Endpoint("orders"), Endpoint("mails"));
        roster.Add(orders);
        roster.Add(mails);
        Assert.Equal(0, roster.Busy);

        orders.Begin(0, Job());
        orders.Begin(1, Job());
        mails.Begin(0, Job());

        Assert.Equal(3, roster.Busy);
    }

    [Fact]
    public void Job_that_starts_wakes_those_who_rest_once_and_nobody_while_another_runs()
    {
        var endpoint = Endpoint("orders");
        roster.Add(endpoint);
        var woken = 0;
        roster.Woken += (_, _) => woken++;

        Assert.True(roster.Rests());
        endpoint.Begin(0, Job());
        endpoint.Begin(1, Job());
        Assert.Equal(1, woken);

        Assert.False(roster.Rests());
        endpoint.End(1);
        endpoint.Begin(1, Job());
        Assert.Equal(1, woken);

        endpoint.End(0);
        endpoint.End(1);
        Assert.True(roster.Rests());
        endpoint.Begin(0, Job());
        Assert.Equal(2, woken);
    }

    [Fact]
    public void None_is_lost_of_those_that_come_and_go_at_once()
    {
        var silent = new Roster();

        Parallel.For(
            0,
            200,
            number =>
            {
                var listing = silent.Add(Endpoint($"{number:000}"));
                if (number % 2 == 0)
                {
                    listing.Dispose();
                }
            }
        );

        Assert.Equal(
            Enumerable.Range(0, 100).Select(number => $"{(2 * number) + 1:000}"),
            silent.Endpoints.Select(endpoint => endpoint.Name)
        );
    }

    string[] Names() => [.. roster.Endpoints.Select(endpoint => endpoint.Name)];

    static EndpointWork Endpoint(string name) => new(name, new QueueOrder(name), concurrency: 2);

    static JobRunStub Job() => new("{}");
}
