/**
 * @file Checks the files of a deployment without what would run them: docker-compose.yml against the schema of the
 * Compose specification, every Kubernetes manifest against that of its kind, and that images have the name under
 * which the workflow pushes them.
 */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { composeFaults } from './deployment/compose.ts';
import { type Manifest, manifestFaults } from './deployment/manifests.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string): string => readFileSync(root + path, 'utf8');
const files = globSync('deploy/kubernetes/*.yaml', { cwd: root })
  .filter((path) => !path.endsWith('/kustomization.yaml'))
  .toSorted();
const manifests = files.flatMap((path) =>
  parseAllDocuments(read(path)).map((document) => document.toJS() as Manifest),
);
const faults = [
  ...composeFaults(read('docker-compose.yml')).map((fault) => `docker-compose.yml: ${fault}`),
  ...(await manifestFaults(root, manifests)),
  ...kustomizationFaults(),
  ...imageFaults(),
];

// A check that cannot fail is none: each of these has one fault of its own.
const planted = {
  compose:
    composeFaults('services: { a: { image: b, imgae: c, depends_on: [d], secrets: [e] } }').length === 3,
  value: (await valuesOf({ replicas: 'two' })) > 0,
  field: (await valuesOf({ replica: 2 })) > 0,
  nothing: (await valuesOf({ replicas: 2 })) === 0,
};
for (const [name, isFound] of Object.entries(planted))
  if (!isFound) faults.push(`the check itself is wrong about a planted ${name}`);
if (manifests.length < 8) faults.push(`only ${manifests.length} manifests were found`);

for (const fault of faults) console.error(fault);
console.log(`docker-compose.yml and ${manifests.length} manifests, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

async function valuesOf(spec: object): Promise<number> {
  const metadata = { name: 'planted' };
  const whole = { selector: {}, template: {}, ...spec };
  const found = await manifestFaults(root, [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: whole },
  ]);
  return found.length;
}

function kustomizationFaults(): string[] {
  const { resources } = parse(read('deploy/kubernetes/kustomization.yaml')) as {
    readonly resources: readonly string[];
  };
  const there = files.map((path) => path.slice('deploy/kubernetes/'.length));
  return [
    ...resources.filter((path) => !there.includes(path)).map((path) => `kustomization.yaml: no ${path}`),
    ...there
      .filter((path) => !resources.includes(path))
      .map((path) => `kustomization.yaml leaves out ${path}`),
  ];
}

/** The last part of the name: the owner is whoever forks this. */
function imageFaults(): string[] {
  const [, pushed] = /^ +IMAGE: ghcr\.io\/\S.*\/([\w-]+)$/m.exec(read('.github/workflows/image.yml')) ?? [];
  return files
    .flatMap((path) => [...read(path).matchAll(/^ +image: (\S+)$/gm)].map(([, image = '']) => image))
    .filter((image) => image.split('/').at(-1)?.split(/[:@]/)[0] !== pushed)
    .map((image) => `no workflow pushes ${image}`);
}
