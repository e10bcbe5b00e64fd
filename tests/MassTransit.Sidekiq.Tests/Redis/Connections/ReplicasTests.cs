using System.Net;

namespace MassTransit.Sidekiq.Tests.Redis;

/// <summary>Which of several servers is taken for the primary, by what each says of its history.</summary>
public class ReplicasTests
{
    static readonly DnsEndPoint one = new("redis-1", 6379);
    static readonly DnsEndPoint two = new("redis-2", 6379);

    [Fact]
    public void Only_primary_is_taken() => Assert.Equal(one, Choose([Primary(one, "a"), Replica(two, "a")]));

    [Fact]
    public void Nobody_is_taken_while_none_is_a_primary() => Assert.Null(Choose([Replica(two, "a")], history: "a"));

    [Fact]
    public void Promoted_replica_is_taken_after_the_primary_has_gone() =>
        Assert.Equal(two, Choose([Primary(two, "b", former: "a")], history: "a"));

    [Fact]
    public void Connected_primary_stays_when_its_predecessor_comes_back() =>
        Assert.Equal(
            two,
            Choose(
                [Primary(one, "x", offset: 9_000, replicas: 3), Primary(two, "b", former: "a")],
                connected: two,
                history: "b"
            )
        );

    [Fact]
    public void Connected_primary_is_left_for_the_one_that_was_promoted_from_it() =>
        Assert.Equal(two, Choose([Primary(one, "a"), Primary(two, "b", former: "a")], connected: one, history: "a"));

    [Fact]
    public void Restarted_primary_is_not_believed_while_a_replica_has_its_history() =>
        Assert.Null(Choose([Primary(one, "x"), Replica(two, "a")], history: "a"));

    [Fact]
    public void Restarted_primary_is_believed_when_its_replicas_have_followed_it() =>
        Assert.Equal(one, Choose([Primary(one, "x"), Replica(two, "x")], history: "a"));

    [Fact]
    public void Primary_that_was_stopped_in_order_is_told_from_its_successor_by_what_came_since() =>
        Assert.Equal(
            two,
            Choose(
                [
                    Primary(one, "x", former: "a", formerEnd: 100, offset: 100),
                    Primary(two, "b", former: "a", formerEnd: 100, offset: 200),
                ],
                history: "a"
            )
        );

    [Fact]
    public void Process_that_knows_no_history_takes_the_primary_with_replicas() =>
        Assert.Equal(two, Choose([Primary(one, "x", offset: 9_000), Primary(two, "b", replicas: 1)]));

    static EndPoint? Choose(ReplicationInfo[] servers, EndPoint? connected = null, string history = "") =>
        Replicas.Choose(servers, connected, history)?.Server;

    static ReplicationInfo Primary(
        EndPoint server,
        string id,
        string former = "",
        long formerEnd = 0,
        long offset = 0,
        int replicas = 0
    ) => new(server, IsPrimary: true, id, former, offset, formerEnd, replicas);

    static ReplicationInfo Replica(EndPoint server, string id) =>
        new(server, IsPrimary: false, id, SecondId: "", Offset: 0, SecondOffset: 0, ConnectedReplicas: 0);
}
