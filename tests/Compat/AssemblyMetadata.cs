using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace MassTransit.Sidekiq.Compat;

/// <summary>A type, or a member of one with its signature as text: what an assembly refers to and another offers.</summary>
sealed record Member(string Type, string? Name = null, string? Signature = null)
{
    public override string ToString() => Name is null ? Type : $"{Type}.{Name} {Signature}";
}

/// <summary>What an assembly says of itself, read without loading it or what it depends on.</summary>
sealed class AssemblyMetadata : IDisposable
{
    readonly PEReader file;
    readonly MetadataReader reader;
    readonly Dictionary<string, TypeDefinition> types;

    public AssemblyMetadata(string path)
    {
        file = new PEReader(File.OpenRead(path));
        reader = file.GetMetadataReader();
        types = reader.TypeDefinitions.Select(reader.GetTypeDefinition).Where(IsVisible).ToDictionary(NameOf);
    }

    public HashSet<Member> MembersUsedOf(string assembly)
    {
        var declaring = reader
            .TypeReferences.Where(type => IsIn(assembly, type))
            .Select(type => TypeNames.Of(reader, type))
            .ToHashSet(StringComparer.Ordinal);
        var members = reader.MemberReferences.Select(reader.GetMemberReference).Select(Describe);
        return
        [
            .. declaring.Select(type => new Member(type)),
            .. members.Where(member => declaring.Contains(member.Type)),
        ];
    }

    /// <summary>A member stands in its type or, for a class, in one that it derives from; the runtime looks no further.</summary>
    public bool Offers(Member member)
    {
        if (!types.TryGetValue(member.Type, out var type))
        {
            return false;
        }

        return member.Name is null
            || Declares(type, member)
            || Base(type) is { } parent && Offers(member with { Type = parent });
    }

    public void Dispose() => file.Dispose();

    bool Declares(TypeDefinition type, Member member) =>
        type.GetMethods().Select(reader.GetMethodDefinition).Any(method => IsThis(method, member))
        || type.GetFields().Select(reader.GetFieldDefinition).Any(field => IsThis(field, member));

    bool IsThis(MethodDefinition method, Member member) =>
        reader.StringComparer.Equals(method.Name, member.Name!)
        && (method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public
        && Text(method.DecodeSignature(TypeNames.Instance, null)) == member.Signature;

    bool IsThis(FieldDefinition field, Member member) =>
        reader.StringComparer.Equals(field.Name, member.Name!)
        && (field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public
        && field.DecodeSignature(TypeNames.Instance, null) == member.Signature;

    string? Base(TypeDefinition type) => type.BaseType.IsNil ? null : TypeNames.Of(reader, type.BaseType);

    bool IsVisible(TypeDefinition type) =>
        (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic => IsVisible(reader.GetTypeDefinition(type.GetDeclaringType())),
            _ => false,
        };

    string NameOf(TypeDefinition type) => TypeNames.Of(reader, type);

    bool IsIn(string assembly, EntityHandle handle)
    {
        if (handle.Kind != HandleKind.TypeReference)
        {
            return false;
        }

        var scope = reader.GetTypeReference((TypeReferenceHandle)handle).ResolutionScope;
        return scope.Kind == HandleKind.AssemblyReference
            ? reader.StringComparer.Equals(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name, assembly)
            : IsIn(assembly, scope);
    }

    Member Describe(MemberReference member)
    {
        var signature =
            member.GetKind() == MemberReferenceKind.Method
                ? Text(member.DecodeMethodSignature(TypeNames.Instance, null))
                : member.DecodeFieldSignature(TypeNames.Instance, null);
        // The parent of a generic type's member names its arguments as well: Type`1<Argument>.
        var type = TypeNames.Of(reader, member.Parent).Split('<')[0];
        return new Member(type, reader.GetString(member.Name), signature);
    }

    static string Text(MethodSignature<string> signature) =>
        $"{(signature.Header.IsInstance ? "" : "static ")}{signature.ReturnType} ({string.Join(", ", signature.ParameterTypes)})"
        + (signature.GenericParameterCount == 0 ? "" : $"<{signature.GenericParameterCount}>");
}
