/**
 * @file What is wrong with Kubernetes manifests, by the schema of each kind that kubernetes-models ships: its
 * validator for values, its types for the names of fields, because that validator lets unknown ones pass.
 */
import ts from 'typescript';

/** A manifest, as its YAML says. */
export type Manifest = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string;
  readonly kind: string;
};

/** What is wrong; empty if nothing is. @param root folder in which kubernetes-models is installed. */
export async function manifestFaults(
  root: string,
  manifests: readonly Manifest[],
): Promise<readonly string[]> {
  const values = await Promise.all(manifests.map(valueFaults));
  return [...values.flat(), ...fieldFaults(root, manifests)];
}

async function valueFaults(manifest: Manifest): Promise<readonly string[]> {
  const { apiVersion, kind } = manifest;
  try {
    const kinds = (await import(`kubernetes-models/${apiVersion}/${kind}`)) as Readonly<
      Record<string, new (data: Manifest) => { validate(): void }>
    >;
    const Kind = kinds[kind];
    if (Kind === undefined) return [`${apiVersion} ${kind} is no kind`];
    new Kind(manifest).validate();
    return [];
  } catch (error) {
    return [`${apiVersion} ${kind}: ${(error as Error).message}`];
  }
}

/** The files of types, which are the same each time. */
const parsed = new Map<string, ts.SourceFile>();

/** Unknown fields: each manifest as a literal of its kind's type, which may have no other properties. */
function fieldFaults(root: string, manifests: readonly Manifest[]): readonly string[] {
  const path = `${root}manifests.generated.ts`;
  const text = manifests
    .flatMap(({ apiVersion, kind, ...fields }, index) => [
      `import type { I${kind} as Kind${index} } from 'kubernetes-models/${apiVersion}/${kind}';`,
      `export const manifest${index}: Omit<Kind${index}, 'apiVersion' | 'kind'> = ${JSON.stringify(fields)};`,
    ])
    .join('\n');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? text : readFile(name));
  host.getSourceFile = (name, version) => {
    if (name === path) return ts.createSourceFile(name, text, version);
    const known = parsed.get(name) ?? getSourceFile(name, version);
    if (known !== undefined) parsed.set(name, known);
    return known;
  };
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
