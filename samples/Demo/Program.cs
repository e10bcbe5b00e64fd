using System.Runtime.InteropServices;
using Demo;

// Ctrl-C, SIGTERM and a closed terminal end the demo at once; what was started is always stopped.
using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);

try
{
    await using var shop = new Shop();
    await shop.Start(stop.Token);
    await new Story(shop).Tell(stop.Token);

    if (args.Contains("--keep", StringComparer.Ordinal))
    {
        Console.WriteLine($"\nLeft running until Ctrl-C: {shop.Urls}");
        await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped before the end.");
    return 130;
}
catch (DemoException fault)
{
    Console.Error.WriteLine($"\nFAILED: {fault.Message}");
    return 1;
}

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
