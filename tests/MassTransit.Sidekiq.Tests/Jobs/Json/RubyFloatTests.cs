using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class RubyFloatTests
{
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(100.0, "100.0")]
    [InlineData(2.5, "2.5")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00012345, "0.00012345")]
    [InlineData(0.00001, "1.0e-05")]
    [InlineData(9.9999e-5, "9.9999e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(1e14, "100000000000000.0")]
    [InlineData(999999999999999.0, "999999999999999.0")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(1234567890123456.0, "1234567890123456")]
    [InlineData(123456789012345680.0, "123456789012345680")]
    [InlineData(1e16, "10000000000000000")]
    [InlineData(-9007199254740992.0, "-9007199254740992")]
    [InlineData(12345678901234568.0, "12345678901234568")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1234567890123456.5, "1.2345678901234565e+15")]
    [InlineData(-4503599627370495.5, "-4.5035996273704955e+15")]
    [InlineData(5e-324, "5.0e-324")]
    [InlineData(1795308424.339149, "1795308424.339149")]
    public void Double_is_the_text_that_Ruby_writes(double value, string expected)
    {
        Assert.Equal(expected, Text(value));
    }

    [Theory]
    [InlineData(double.MaxValue)]
    [InlineData(double.MinValue)]
    [InlineData(1e300)]
    [InlineData(1e23)]
    public void Whole_number_from_1e15_on_is_an_integer_which_each_json_of_Ruby_writes_alike(double value)
    {
        var text = Text(value);

        Assert.Matches("^-?[0-9]{16,309}$", text);
        Assert.Equal(value, double.Parse(text, CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Double_reads_back_and_has_a_point() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<NormalFloat>(),
                number =>
                {
                    var text = Text(number.Get);
                    return double.Parse(text, CultureInfo.InvariantCulture).Equals(number.Get)
                        && (text.Contains('.', StringComparison.Ordinal) || Math.Abs(number.Get) >= 1e15);
                }
            )
            .Holds();

    [Theory]
    [InlineData(0.1f, "0.1")]
    [InlineData(16777216f, "16777216.0")]
    [InlineData(1e8f, "100000000.0")]
    [InlineData(3.4028235e38f, "340282350000000000000000000000000000000")]
    public void Single_has_its_own_shortest_digits(float value, string expected)
    {
        Span<byte> output = stackalloc byte[RubyFloat.MaxLength];
        Assert.Equal(expected, Encoding.UTF8.GetString(output[..RubyFloat.Format(value, output)]));
    }

    [Theory]
    [InlineData("10", "10.0")]
    [InlineData("10.50", "10.5")]
    [InlineData("0.00", "0.0")]
    [InlineData("-0.001", "-0.001")]
    [InlineData("0.000012300", "1.23e-05")]
    [InlineData("1234567890123450", "1234567890123450")]
    [InlineData("999999999999999.0", "999999999999999.0")]
    [InlineData("0.1234567890123456", "0.1234567890123456")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("0.0000000000000000000000000001", "1.0e-28")]
    public void Decimal_is_the_float_that_Ruby_reads_and_keeps_its_digits(string value, string expected)
    {
        Span<byte> output = stackalloc byte[RubyFloat.MaxLength];
        var number = decimal.Parse(value, CultureInfo.InvariantCulture);
        Assert.Equal(expected, Encoding.UTF8.GetString(output[..RubyFloat.Format(number, output)]));
    }

    static string Text(double value)
    {
        Span<byte> output = stackalloc byte[RubyFloat.MaxLength];
        return Encoding.UTF8.GetString(output[..RubyFloat.Format(value, output)]);
    }
}
