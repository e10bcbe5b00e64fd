using System.Text;

namespace MassTransit.Sidekiq.Tests.Fuzzing;

/// <summary>Valid texts of each kind that we read from Redis, ours and Ruby's.</summary>
static class SeedTexts
{
    const string Mt =
        """{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","type":["urn:message:MassTransit.Sidekiq.Tests:Parcel"],"args":["id","note"],"conv":"0f8fad5b-d9cb-469f-a165-70867728950f","corr":"0f8fad5b-d9cb-469f-a165-708677289510","req":"0f8fad5b-d9cb-469f-a165-708677289511","init":"0f8fad5b-d9cb-469f-a165-708677289512","src":"/from","dst":"/to","res":"/answers?temporary=true","fault":"/faults","exp":99999999999.5,"ct":"application/json","token":"0f8fad5b-d9cb-469f-a165-708677289513","ledger":"Shop","headers":{"MT-Redelivery-Count":2,"a":"x","b":1.5,"c":true,"d":null,"e":{"f":[1]}}}""";

    const string Failure =
        ""","retry_count":2,"failed_at":1000000000.5,"retried_at":1000000001.5,"error_message":"boom","error_class":"ArgumentError","error_backtrace":"eJyrVkpUslJKUqoFABXjA2I=","backtrace":5,"retry_for":3600,"retry_queue":"low","dead":true,"tags":["alpha"],"at":1000000009.5""";

    public static readonly byte[][] Jobs =
    [
        Bytes(
            $$"""{"retry":true,"queue":"parcels","args":[{"id":1,"note":"é"}],"class":"MassTransit::Sidekiq::Tests::Parcel","jid":"6a53acef47bc238203ae6a7e","created_at":1000000000.5,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=b","mt":{{Mt}},"enqueued_at":1000000000.75}"""
        ),
        Bytes(
            """{"retry":3,"queue":"parcels","cattr":{"user_id":42},"args":[1,"x"],"class":"MassTransit::Sidekiq::Tests::Parcel","jid":"6a53acef47bc238203ae6a7f","created_at":1000000000500,"enqueued_at":1000000000750}"""
        ),
        Bytes(
            $$"""{"retry":false,"queue":"parcels","args":[],"class":"Shop::Unknown","jid":"6a53acef47bc238203ae6a70","created_at":1000000000.5{{Failure}},"mt":{{Mt}}}"""
        ),
        Bytes(
            """{"retry":true,"queue":"parcels","wrapped":"Reports::Nightly","args":[{"job_class":"Reports::Nightly","job_id":"a","queue_name":"low","arguments":[1,{"send_to":[{"_aj_globalid":"gid://a/U/1"}],"_aj_ruby2_keywords":["send_to"]}],"executions":0}],"class":"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper","jid":"a0c436ea5e48775be2423c3c","created_at":1000000000.5}"""
        ),
    ];

    public static readonly byte[][] Periodic =
    [
        Bytes(
            """{"cron":"*/5 * * * *","tz":"Europe/Berlin","late":3600,"by":"Shop","description":"d","from":1000000000.5,"until":9999999999.5,"topic":"Shop:Tick","static":["parcels","Shop::Tick"],"job":{"retry":true,"args":[{"a":"é"}],"class":"Shop::Tick","mt":{"type":["urn:message:Shop:Tick"],"headers":{"a":1}}}}"""
        ),
        Bytes(
            """{"cron":"0 0 8 * * MON-FRI","tz":"Etc/UTC","late":0,"queue":"parcels","job":{"retry":5,"wrapped":"A","args":[{"job_class":"A","job_id":"x","queue_name":"q","arguments":[]}],"class":"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper"}}"""
        ),
    ];

    public static readonly byte[][] Infos =
    [
        Bytes(
            """{"hostname":"web","started_at":1000000000.5,"pid":7,"tag":"app","concurrency":10,"queues":["default","low"],"labels":["reliable"],"identity":"web:7:a","version":"7.3.10","weights":[{"default":1}],"embedded":false}"""
        ),
        Bytes(
            """{"hostname":"web","started_at":1000000000.5,"pid":7,"tag":"app","capsules":{"default":{"concurrency":5,"mode":"weighted","weights":{"default":2,"low":1}}},"identity":"web:7:a","version":"8.1.7"}"""
        ),
    ];

    public static readonly byte[][] Works =
    [
        Bytes("""{"queue":"default","payload":{"class":"A","args":[1],"jid":"1"},"run_at":1000000000}"""),
        Bytes("""{"queue":"default","payload":"{\"class\":\"A\",\"args\":[1],\"jid\":\"1\"}","run_at":1000000000.5}"""),
    ];

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
