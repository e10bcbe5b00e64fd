using System.Buffers;
using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class PositionalArgumentsTests
{
    readonly JobContracts contracts = new();

    [Fact]
    public void Arguments_stand_in_the_order_of_the_constructor()
    {
        Assert.Equal(
            """["0f8fad5b-d9cb-469f-a165-70867728950e",10.0,"EUR"]""",
            Write<MakeInvoice>("""{"currency":"EUR","total":10.0,"orderId":"0f8fad5b-d9cb-469f-a165-70867728950e"}""")
        );
    }

    [Fact]
    public void Missing_property_is_null_and_an_unknown_one_is_left_out()
    {
        Assert.Equal("""[null,{"a":[1,2]},null]""", Write<MakeInvoice>("""{"total":{"a":[1,2]},"other":1}"""));
    }

    [Fact]
    public void Attribute_gives_the_order_where_there_is_no_constructor()
    {
        var contract = contracts.For<MoveStock>();

        Assert.Empty(contract.Faults);
        Assert.Equal(["item_name", "from_shelf", "is_urgent"], contract.Parameters.Select(parameter => parameter.Name));
        Assert.Equal(
            """["screw",3,true]""",
            Write<MoveStock>("""{"from_shelf":3,"item_name":"screw","is_urgent":true,"label":"x"}""")
        );
    }

    [Fact]
    public void Attribute_on_a_parameter_of_a_record_counts_too()
    {
        Assert.Equal("[2,1]", Write<Renumber>("""{"first":1,"second":2}"""));
        Assert.Equal("""{"second":2,"first":1}""", Read<Renumber>("[2,1]"));
    }

    [Fact]
    public void Interface_passes_what_it_inherits_first()
    {
        Assert.Equal("""["LH1",7,"A"]""", Write<IReserveSeat>("""{"row":7,"seat":"A","flight":"LH1"}"""));
    }

    [Fact]
    public void Message_comes_back_from_its_arguments()
    {
        Assert.Equal("""{"orderId":"x","total":10.5,"currency":"USD"}""", Read<MakeInvoice>("""["x",10.5,"USD"]"""));
    }

    [Fact]
    public void Missing_argument_at_the_end_leaves_the_default_to_the_constructor()
    {
        Assert.Equal("""{"orderId":"x","total":1}""", Read<MakeInvoice>("""["x",1]"""));
    }

    [Theory]
    [InlineData(
        """["x",1,"EUR",4]""",
        "Job class 'Billing::InvoiceWorker' passes 4 arguments, but MakeInvoice takes 3 (orderId, total, [currency]). "
            + "Add the parameter to MakeInvoice, or map the class with Args = Hash."
    )]
    [InlineData(
        """["x"]""",
        "Job class 'Billing::InvoiceWorker' passes 1 argument, but MakeInvoice takes at least 2 (orderId, total, [currency]). "
            + "Give 'total' a default value in MakeInvoice, or pass it."
    )]
    [InlineData(
        "[]",
        "Job class 'Billing::InvoiceWorker' passes 0 arguments, but MakeInvoice takes at least 2 (orderId, total, [currency])."
    )]
    [InlineData(
        """["x",true]""",
        "Job class 'Billing::InvoiceWorker' passes a boolean as args[1] (total), but MakeInvoice takes decimal there. "
            + "Change the sender, or the type in MakeInvoice."
    )]
    [InlineData("""["x",null]""", "passes null as args[1] (total)")]
    [InlineData("""[5,1]""", "passes a number as args[0] (orderId), but MakeInvoice takes Guid there")]
    [InlineData("""["x",1,{}]""", "passes an object as args[2] (currency), but MakeInvoice takes string there")]
    public void Arguments_that_do_not_fit_are_refused_with_the_way_out(string args, string reason)
    {
        var refusal = Assert.Throws<JobArgumentsException>(() => Read<MakeInvoice>(args));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_fits_what_may_be_null()
    {
        Assert.Equal("""{"orderId":"x","total":1,"currency":null}""", Read<MakeInvoice>("""["x",1,null]"""));
    }

    [Fact]
    public void Body_that_is_no_object_has_nothing_to_pass()
    {
        Assert.Throws<JobArgumentsException>(() => Write<MakeInvoice>("[1]"));
    }

    string Write<T>(string body)
        where T : class
    {
        var output = new ArrayBufferWriter<byte>();
        contracts.For<T>().WriteArgs(Encoding.UTF8.GetBytes(body), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    string Read<T>(string args)
        where T : class
    {
        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes($$"""{"class":"X","args":{{args}}}"""), "orders");
        return Encoding.UTF8.GetString(contracts.For<T>().ReadArgs(job).Span);
    }
}
