using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace MassTransit.Sidekiq.Compat;

/// <summary>Writes types as text, by name alone: which assembly a framework type sits in differs between versions and does not matter.</summary>
sealed class TypeNames : ISignatureTypeProvider<string, object?>
{
    public static readonly TypeNames Instance = new();

    public static string Of(MetadataReader reader, EntityHandle handle) =>
        handle.Kind switch
        {
            HandleKind.TypeReference => Of(reader, reader.GetTypeReference((TypeReferenceHandle)handle)),
            HandleKind.TypeDefinition => Of(reader, reader.GetTypeDefinition((TypeDefinitionHandle)handle)),
            HandleKind.TypeSpecification => reader
                .GetTypeSpecification((TypeSpecificationHandle)handle)
                .DecodeSignature(Instance, null),
            _ => "",
        };

    public static string Of(MetadataReader reader, TypeDefinition type)
    {
        var name = reader.GetString(type.Name);
        return type.IsNested
            ? $"{Of(reader, reader.GetTypeDefinition(type.GetDeclaringType()))}+{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }

    static string Of(MetadataReader reader, TypeReference type)
    {
        var name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{Of(reader, type.ResolutionScope)}+{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
        Of(reader, handle);

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        Of(reader, handle);

    public string GetTypeFromSpecification(
        MetadataReader reader,
        object? genericContext,
        TypeSpecificationHandle handle,
        byte rawTypeKind
    ) => Of(reader, handle);

    public string GetSZArrayType(string elementType) => $"{elementType}[]";

    public string GetArrayType(string elementType, ArrayShape shape) =>
        $"{elementType}[{new string(',', shape.Rank - 1)}]";

    public string GetByReferenceType(string elementType) => $"{elementType}&";

    public string GetPointerType(string elementType) => $"{elementType}*";

    public string GetPinnedType(string elementType) => elementType;

    // in parameters and the like: the modifier is part of the signature.
    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) =>
        $"{unmodifiedType} {modifier}";

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
        $"{genericType}<{string.Join(", ", typeArguments)}>";

    public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

    public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

    public string GetFunctionPointerType(MethodSignature<string> signature) => "function pointer";
}
