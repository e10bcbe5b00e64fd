using MassTransit.Events;

namespace MassTransit.Sidekiq;

// The strings of an exception that cannot be read itself: one of its getters throws, or its causes never end. It replaces
// the exception wherever that is only reported (logs, faults, the job), so that reporting cannot fail.
internal sealed class ReadableException : ExceptionInfoException
{
    const int MostCauses = 100;
    const int CausesTold = 10;

    readonly Exception original;

    ReadableException(Exception original)
        : base(Read(original, CausesTold)) => this.original = original;

    // The exception itself, if it can be read.
    public static Exception For(Exception exception) =>
        exception is ReadableException || IsReadable(exception) ? exception : new ReadableException(exception);

    // Only its strings, without the other state it holds.
    public static Exception TextsOf(Exception exception) =>
        exception is ReadableException ? exception : new ReadableException(exception);

    public static Exception Original(Exception exception) =>
        exception is ReadableException readable ? readable.original : exception;

    // Its type, or the type of the exception that it wraps.
    public static string ClassOf(Exception exception)
    {
        if (exception is ExceptionInfoException { ExceptionInfo.ExceptionType: { Length: > 0 } carried })
        {
            return carried;
        }

        var type = exception.GetType();
        return type.FullName ?? type.Name;
    }

    public override string ToString() =>
        $"{ClassOf(this)}: {Message}{Environment.NewLine}{StackTrace}"
        + (InnerException is null ? "" : $"{Environment.NewLine} ---> {InnerException.Message}");

    static bool IsReadable(Exception exception)
    {
        try
        {
            var left = MostCauses;
            if (!CausesEnd(exception, ref left))
            {
                return false;
            }

            // Logging reads ToString; MassTransit's fault reads the others.
            _ = (exception.ToString(), exception.Message, exception.StackTrace, exception.Source, exception.Data);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    static bool CausesEnd(Exception exception, ref int left)
    {
        if (--left < 0)
        {
            return false;
        }

        if (exception is AggregateException several)
        {
            foreach (var cause in several.InnerExceptions)
            {
                if (!CausesEnd(cause, ref left))
                {
                    return false;
                }
            }

            return true;
        }

        return exception.InnerException is not { } inner || CausesEnd(inner, ref left);
    }

    static FaultExceptionInfo Read(Exception exception, int causes) =>
        new()
        {
            ExceptionType = ClassOf(exception),
            Message = Text(() => exception.Message) ?? "",
            StackTrace = Text(() => exception.StackTrace) ?? "",
            Source = Text(() => exception.Source),
            InnerException = causes > 0 && exception.InnerException is { } inner ? Read(inner, causes - 1) : null,
        };

    static string? Text(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault)
        {
            return $"It could not be read: its getter threw {fault.GetType().FullName}.";
        }
    }
}
