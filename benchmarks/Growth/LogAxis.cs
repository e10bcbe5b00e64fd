using System.Globalization;

namespace MassTransit.Sidekiq.Benchmarks;

// A logarithmic axis on which all values have a place: at least a decade, so that what scatters does not look like growth.
internal sealed class LogAxis
{
    const double MostTicks = 9;

    static readonly double[] steps = [1, 2, 5, 10];

    readonly double first;
    readonly double last;
    readonly double from;
    readonly double to;

    // `from` and `to` are where the axis begins and ends in the picture.
    public LogAxis(IReadOnlyCollection<double> values, double from, double to)
    {
        (this.from, this.to) = (from, to);
        (first, last) = (Below(values.Min()), Above(values.Max()));
        while (last / first < 9.99)
        {
            (first, last) = (Below(first * 0.99), last / first < 4.99 ? Above(last * 1.01) : last);
        }
    }

    // The round numbers between its ends: 1, 2, 5, 10, … or, where those are too many, the powers of ten.
    public IReadOnlyList<double> Ticks
    {
        get
        {
            var all = new List<double>();
            for (var tick = first; tick <= last * 1.001; tick = Above(tick * 1.01))
            {
                all.Add(tick);
            }

            return all.Count <= MostTicks
                ? all
                : [.. all.Where(tick => Math.Abs(Math.Log10(tick) - Math.Round(Math.Log10(tick))) < 0.001)];
        }
    }

    public double At(double value) => from + ((to - from) * Math.Log(value / first) / Math.Log(last / first));

    // As few characters as a label may have: 500, 20 k, 5 M.
    public static string Text(double value) =>
        value switch
        {
            >= 1e6 => Short(value / 1e6) + " M",
            >= 1e4 => Short(value / 1e3) + " k",
            _ => Short(value),
        };

    static string Short(double value) => value.ToString("0.#####", CultureInfo.InvariantCulture);

    static double Below(double value) => steps.Last(step => step <= Mantissa(value) * 1.0001) * Decade(value);

    static double Above(double value) => steps.First(step => step >= Mantissa(value) * 0.9999) * Decade(value);

    static double Mantissa(double value) => value / Decade(value);

    static double Decade(double value) => Math.Pow(10, Math.Floor(Math.Log10(value) + 1e-9));
}
