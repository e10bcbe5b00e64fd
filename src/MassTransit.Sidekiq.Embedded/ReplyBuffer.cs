using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Garnet.networking;

namespace MassTransit.Sidekiq;

// Where the replies to one client gather until they may leave: Garnet takes it for the network. Garnet writes into a fixed part
// of memory and hands it over when that is full and at the end of a request.
internal sealed unsafe class ReplyBuffer : INetworkSender
{
    const int Size = 1 << 17;

    readonly byte[] written = GC.AllocateUninitializedArray<byte>(Size, pinned: true);
    readonly Lock gate = new();
    readonly Action push;
    ArrayBufferWriter<byte> gathered = new();

    // `push` is called for what is written outside of the client's own turn: a message to a subscriber.
    public ReplyBuffer(Action push) => this.push = push;

    public bool IsInTurn { get; set; }

    // Garnet gives the client up: it sent no valid request, or asked for it.
    public bool IsClosed { get; private set; }

    public int Length
    {
        get
        {
            lock (gate)
            {
                return gathered.WrittenCount;
            }
        }
    }

    public MaxSizeSettings GetMaxSizeSettings { get; } = new();

    public string RemoteEndpointName => "127.0.0.1:0";

    public string LocalEndpointName => "127.0.0.1:0";

    byte* Head => (byte*)Unsafe.AsPointer(ref written[0]);

    public void Write(ReadOnlySpan<byte> reply)
    {
        lock (gate)
        {
            gathered.Write(reply);
        }
    }

    public void Write(string reply) => Write(Encoding.UTF8.GetBytes(reply));

    public void WriteString(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Write($"${bytes.Length}\r\n");
        Write([.. bytes, .. "\r\n"u8]);
    }

    // What was written since the buffer had this length, which it has again.
    public byte[] TakeFrom(int length)
    {
        lock (gate)
        {
            var all = gathered.WrittenSpan;
            var taken = all[length..].ToArray();
            var kept = all[..length].ToArray();
            gathered.ResetWrittenCount();
            gathered.Write(kept);
            return taken;
        }
    }

    // All of it, and begins anew.
    public ReadOnlyMemory<byte> TakeAll()
    {
        lock (gate)
        {
            var all = gathered;
            gathered = new ArrayBufferWriter<byte>();
            return all.WrittenMemory;
        }
    }

    public bool IsLocalConnection() => true;

    public void EnterAndGetResponseObject(out byte* head, out byte* tail)
    {
        head = Head;
        tail = Head + Size;
    }

    public byte* GetResponseObjectHead() => Head;

    public byte* GetResponseObjectTail() => Head + Size;

    public bool SendResponse(int offset, int size)
    {
        Send(written.AsSpan(offset, size));
        return true;
    }

    public void SendResponse(byte[] buffer, int offset, int count, object context) =>
        Send(buffer.AsSpan(offset, count));

    public void Dispose() => IsClosed = true;

    public void DisposeNetworkSender(bool waitForSendCompletion) => IsClosed = true;

    public bool TryClose()
    {
        var first = !IsClosed;
        IsClosed = true;
        return first;
    }

    // All turns are taken one after the other.
    public void Enter() { }

    public void Exit() { }

    public void ExitAndReturnResponseObject() { }

    public void GetResponseObject() { }

    public void ReturnResponseObject() { }

    public void SendCallback(object context) { }

    public void Throttle() { }

    void Send(ReadOnlySpan<byte> reply)
    {
        Write(reply);
        if (!IsInTurn)
        {
            push();
        }
    }
}
