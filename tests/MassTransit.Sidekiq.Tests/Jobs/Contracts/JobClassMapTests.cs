using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobClassMapTests
{
    readonly JobContracts contracts = new();
    readonly JobClassMap map = new();

    [Fact]
    public void Class_goes_to_exactly_its_message_type()
    {
        map.Add(contracts.For<SubmitOrder>());
        map.Add(contracts.For<MakeInvoice>());

        Assert.Equal(typeof(MakeInvoice), Find("""{"class":"Billing::InvoiceWorker"}"""));
        Assert.Equal(typeof(MakeInvoice), Find("""{"class":"::Billing::InvoiceWorker"}"""));
        Assert.Null(Find("""{"class":"InvoiceWorker"}"""));
        Assert.Null(Find("""{"class":"billing::invoiceworker"}"""));
        Assert.Null(Find("""{"class":null}"""));
        Assert.Null(Find("{}"));
        Assert.Equal(["Billing::InvoiceWorker", "MassTransit::Sidekiq::Tests::Jobs::SubmitOrder"], map.Classes);
    }

    [Fact]
    public void Alias_goes_where_the_class_goes()
    {
        contracts.Job<SubmitOrder>(job => job.Class("Order").Alias("OldOrder"));
        map.Add(contracts.For<SubmitOrder>());

        Assert.Equal(typeof(SubmitOrder), Find("""{"class":"OldOrder"}"""));
    }

    [Theory]
    [InlineData("""{"class":"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper","wrapped":"Reports::Nightly"}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Reports::Nightly"}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","args":[{"job_class":"Reports::Nightly","arguments":[]}]}""")]
    [InlineData("""{"class":"NightlyReport"}""")]
    public void ActiveJob_is_found_by_the_class_inside_the_wrapper(string job)
    {
        map.Add(contracts.For<NightlyReport>());

        Assert.Equal(typeof(NightlyReport), Find(job));
    }

    [Theory]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper"}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","args":[1]}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","args":[{}]}""")]
    [InlineData("""{"class":"Other","wrapped":"Reports::Nightly"}""")]
    public void Wrapper_around_nothing_is_nobodys(string job)
    {
        map.Add(contracts.For<NightlyReport>());

        Assert.Null(Find(job));
    }

    [Fact]
    public void Two_message_types_of_one_class_on_one_endpoint_are_reported()
    {
        contracts.Job<SubmitOrder>(job => job.Class("Order").Alias("Old"));
        contracts.Job<Empty>(job => job.Class("Other").Alias("::Order"));
        map.Add(contracts.For<SubmitOrder>());
        map.Add(contracts.For<SubmitOrder>());
        map.Add(contracts.For<Empty>());

        var fault = Assert.Single(map.Validate());

        Assert.Equal(ValidationResultDisposition.Failure, fault.Disposition);
        Assert.StartsWith(
            "Job class 'Order' means both SubmitOrder and Empty, and one endpoint consumes both.",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Message_type_consumed_twice_is_no_conflict()
    {
        map.Add(contracts.For<SubmitOrder>());
        map.Add(contracts.For<SubmitOrder>());

        Assert.Empty(map.Validate());
    }

    Type? Find(string json) =>
        map.TryGet(SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"), out var contract)
            ? contract.MessageType
            : null;
}
