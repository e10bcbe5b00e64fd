using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// Which source file of an assembly refers to which other one, read from what the compiler made of them: types, members and
/// generic arguments in signatures, bodies and attributes. The symbols tell the file of a type. Constants leave no trace.
/// </summary>
public sealed class FileGraph
{
    static readonly Guid typeDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");
    static readonly Dictionary<ushort, OperandType> operands = typeof(OpCodes)
        .GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value, code => code.OperandType);

    readonly MetadataReader assembly;
    readonly MetadataReader symbols;
    readonly PEReader image;
    readonly Dictionary<TypeDefinitionHandle, string?> files = [];
    readonly Dictionary<string, HashSet<string>> uses = new(StringComparer.Ordinal);

    FileGraph(PEReader image, MetadataReader symbols)
    {
        (this.image, this.symbols) = (image, symbols);
        assembly = image.GetMetadataReader();
        foreach (var type in assembly.TypeDefinitions)
        {
            if (FileOf(type) is { } file)
            {
                uses.TryAdd(file, new HashSet<string>(StringComparer.Ordinal));
            }
        }

        foreach (var type in assembly.TypeDefinitions)
        {
            if (FileOf(type) is { } file)
            {
                ReadType(file, type);
            }
        }
    }

    /// <summary>By the file's path below `folder`, written with '/'.</summary>
    public static IReadOnlyDictionary<string, IReadOnlySet<string>> Of(string path, string folder)
    {
        using var image = new PEReader(File.OpenRead(path));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(
            File.OpenRead(Path.ChangeExtension(path, ".pdb"))
        );
        var graph = new FileGraph(image, symbols.GetMetadataReader());
        string Short(string file) =>
            file[(file.IndexOf($"/{folder}/", StringComparison.Ordinal) + folder.Length + 2)..];

        return graph.uses.ToDictionary(
            file => Short(file.Key),
            IReadOnlySet<string> (file) => file.Value.Select(Short).ToHashSet(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    /// <summary>The files that reach each other, however far around: each group of more than one.</summary>
    public static IEnumerable<IReadOnlyCollection<string>> Knots(
        IReadOnlyDictionary<string, IReadOnlySet<string>> graph
    )
    {
        var reached = graph.Keys.ToDictionary(file => file, file => Reach(graph, file), StringComparer.Ordinal);

        return reached
            .Where(file => file.Value.Contains(file.Key))
            .GroupBy(
                file =>
                    string.Join(
                        '|',
                        file.Value.Where(other => reached[other].Contains(file.Key)).Order(StringComparer.Ordinal)
                    ),
                file => file.Key,
                StringComparer.Ordinal
            )
            .Select(knot => (IReadOnlyCollection<string>)[.. knot]);
    }

    static HashSet<string> Reach(IReadOnlyDictionary<string, IReadOnlySet<string>> graph, string file)
    {
        var (reached, waiting) = (new HashSet<string>(StringComparer.Ordinal), new Queue<string>(graph[file]));
        while (waiting.TryDequeue(out var next))
        {
            if (reached.Add(next))
            {
                foreach (var other in graph[next])
                {
                    waiting.Enqueue(other);
                }
            }
        }

        return reached;
    }

    string? FileOf(TypeDefinitionHandle type)
    {
        if (!files.TryGetValue(type, out var file))
        {
            var definition = assembly.GetTypeDefinition(type);
            var outer = definition.GetDeclaringType();
            files[type] = file = outer.IsNil ? OwnFile(type, definition) : FileOf(outer);
        }

        return file;
    }

    string? OwnFile(TypeDefinitionHandle type, TypeDefinition definition)
    {
        foreach (var handle in symbols.GetCustomDebugInformation(type))
        {
            var information = symbols.GetCustomDebugInformation(handle);
            if (symbols.GetGuid(information.Kind) == typeDocuments)
            {
                var row = symbols.GetBlobReader(information.Value).ReadCompressedInteger();
                return Name(MetadataTokens.DocumentHandle(row));
            }
        }

        foreach (var method in definition.GetMethods())
        {
            var information = symbols.GetMethodDebugInformation(method.ToDebugInformationHandle());
            if (!information.Document.IsNil && Name(information.Document) is { } file)
            {
                return file;
            }
        }

        return definition
            .GetNestedTypes()
            .Select(nested => OwnFile(nested, assembly.GetTypeDefinition(nested)))
            .FirstOrDefault(file => file is not null);
    }

    string? Name(DocumentHandle document)
    {
        var name = symbols.GetString(symbols.GetDocument(document).Name).Replace('\\', '/');
        return name.Contains("/obj/", StringComparison.Ordinal) ? null : name;
    }

    void ReadType(string file, TypeDefinitionHandle handle)
    {
        var type = assembly.GetTypeDefinition(handle);
        var signatures = new Signatures(this, file);
        Use(file, type.BaseType);
        foreach (var face in type.GetInterfaceImplementations())
        {
            Use(file, assembly.GetInterfaceImplementation(face).Interface);
        }

        foreach (var field in type.GetFields())
        {
            assembly.GetFieldDefinition(field).DecodeSignature(signatures, null);
        }

        foreach (var attribute in type.GetCustomAttributes())
        {
            Use(file, assembly.GetCustomAttribute(attribute).Constructor);
        }

        foreach (var parameter in type.GetGenericParameters())
        {
            Constraints(file, parameter);
        }

        foreach (var method in type.GetMethods())
        {
            ReadMethod(file, assembly.GetMethodDefinition(method), signatures);
        }
    }

    void ReadMethod(string file, MethodDefinition method, Signatures signatures)
    {
        method.DecodeSignature(signatures, null);
        foreach (var parameter in method.GetGenericParameters())
        {
            Constraints(file, parameter);
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        var body = image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            assembly.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(signatures, null);
        }

        foreach (var region in body.ExceptionRegions)
        {
            Use(file, region.CatchType);
        }

        var code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            ReadInstruction(file, ref code);
        }
    }

    void ReadInstruction(string file, ref BlobReader code)
    {
        ushort operation = code.ReadByte();
        if (operation == 0xFE)
        {
            operation = (ushort)(0xFE00 | code.ReadByte());
        }

        switch (operands[operation])
        {
            case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                Use(file, MetadataTokens.EntityHandle(code.ReadInt32()));
                break;
            case OperandType.InlineSwitch:
                var targets = code.ReadInt32();
                code.Offset += 4 * targets;
                break;
            case OperandType.InlineI8 or OperandType.InlineR:
                code.Offset += 8;
                break;
            case OperandType.InlineVar:
                code.Offset += 2;
                break;
            case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                code.Offset += 1;
                break;
            case OperandType.InlineNone:
                break;
            default:
                code.Offset += 4;
                break;
        }
    }

    void Constraints(string file, GenericParameterHandle parameter)
    {
        foreach (var constraint in assembly.GetGenericParameter(parameter).GetConstraints())
        {
            Use(file, assembly.GetGenericParameterConstraint(constraint).Type);
        }
    }

    void Use(string file, EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        var signatures = new Signatures(this, file);
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                if (FileOf((TypeDefinitionHandle)handle) is { } used && used != file)
                {
                    uses[file].Add(used);
                }

                break;
            case HandleKind.TypeSpecification:
                assembly.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(signatures, null);
                break;
            case HandleKind.MethodDefinition:
                Use(file, assembly.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Use(file, assembly.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                Use(file, assembly.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                var method = assembly.GetMethodSpecification((MethodSpecificationHandle)handle);
                Use(file, method.Method);
                method.DecodeSignature(signatures, null);
                break;
        }
    }

    /// <summary>Notes each type that a signature names.</summary>
    sealed class Signatures(FileGraph graph, string file) : ISignatureTypeProvider<EntityHandle, object?>
    {
        public EntityHandle GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte kind)
        {
            graph.Use(file, handle);
            return handle;
        }

        public EntityHandle GetTypeFromSpecification(
            MetadataReader reader,
            object? context,
            TypeSpecificationHandle handle,
            byte kind
        )
        {
            graph.Use(file, handle);
            return handle;
        }

        public EntityHandle GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte kind) =>
            handle;

        public EntityHandle GetArrayType(EntityHandle element, ArrayShape shape) => element;

        public EntityHandle GetByReferenceType(EntityHandle element) => element;

        public EntityHandle GetFunctionPointerType(MethodSignature<EntityHandle> signature) => default;

        public EntityHandle GetGenericInstantiation(EntityHandle type, ImmutableArray<EntityHandle> arguments) => type;

        public EntityHandle GetGenericMethodParameter(object? context, int index) => default;

        public EntityHandle GetGenericTypeParameter(object? context, int index) => default;

        public EntityHandle GetModifiedType(EntityHandle modifier, EntityHandle type, bool isRequired) => type;

        public EntityHandle GetPinnedType(EntityHandle element) => element;

        public EntityHandle GetPointerType(EntityHandle element) => element;

        public EntityHandle GetPrimitiveType(PrimitiveTypeCode code) => default;

        public EntityHandle GetSZArrayType(EntityHandle element) => element;
    }
}
