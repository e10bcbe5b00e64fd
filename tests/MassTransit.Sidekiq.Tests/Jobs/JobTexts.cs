using FsCheck;
using FsCheck.Fluent;

namespace MassTransit.Sidekiq.Tests.Jobs;

// JSON objects such as other clients may push: odd keys, odd values, odd spacing, equal keys twice.
static class JobTexts
{
    public static readonly string[] Edited = ["queue", "retry_count", "enqueued_at", "at", "error_message"];

    static readonly string[] keys =
    [
        "",
        "class",
        "args",
        "jid",
        "cattr",
        "é",
        "😀",
        "a b",
        "queue2",
        "\\u0071ueue",
        "x\\ny",
        "\\\"",
        "Queue",
        .. Edited,
    ];

    static readonly string[] scalars =
    [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.0",
        "1E5",
        "1e-7",
        "12345678901234567890123",
        "1795308424.3395083",
        "\"\"",
        "\"é\"",
        "\"\\u00e9\"",
        "\"😀\"",
        "\"a\\\"b\"",
        "\"}{][,:\"",
        "\"\\/\"",
        "\"x,\\\"queue\\\":1\"",
    ];

    static readonly string[] spaces = ["", "", "", " ", "\n", "\t ", "/* , } */", " /* \" */ "];

    static Gen<string> Space => Gen.Elements(spaces);

    public static Gen<string> Objects =>
        from before in Space
        from body in Object(2)
        from after in Gen.Elements("", " ", "\n")
        select before + body + after;

    static Gen<string> Object(int depth) =>
        from size in Gen.Choose(0, 8)
        from members in Gen.ListOf(Member(depth), size)
        from inner in Space
        select members.Count == 0 ? $"{{{inner}}}" : $"{{{string.Join(',', members)}}}";

    static Gen<string> Member(int depth) =>
        from a in Space
        from key in Gen.Elements(keys)
        from b in Gen.Elements("", " ", "\n") // .NET reads a comment everywhere but here
        from c in Space
        from value in Value(depth)
        from d in Space
        select $"{a}\"{key}\"{b}:{c}{value}{d}";

    static Gen<string> Value(int depth) =>
        depth == 0
            ? Gen.Elements(scalars)
            : Gen.OneOf(Gen.Elements(scalars), Gen.Elements(scalars), Object(depth - 1), List(depth - 1));

    static Gen<string> List(int depth) =>
        from size in Gen.Choose(0, 3)
        from values in Gen.ListOf(Value(depth), size)
        from space in Space
        select $"[{string.Join($",{space}", values)}]";
}
