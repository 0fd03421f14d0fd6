/**
 * @file Writes the bill of materials of what is deployed, as CycloneDX 1.6, and checks it against that schema:
 * `node scripts/sbom.ts [folder of the package] [file]`, by default the server's to sbom.cdx.json, which is not
 * committed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as cdx from '@cyclonedx/cyclonedx-library';
import { readInstalled } from './packages/installed.ts';
import { nameAndVersion, productionOf, readLockfile, withoutPeers } from './packages/lockfile.ts';
import { licenceOf } from './packages/rules.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const [folder = 'apps/server', file = `${root}sbom.cdx.json`] = process.argv.slice(2);
const { Enums, Models, Serialize, Spec, Validation } = cdx;

const lockfile = readLockfile(readFileSync(`${root}pnpm-lock.yaml`, 'utf8'));
const installed = readInstalled(root);
const { all } = productionOf(lockfile, folder);
const own = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

const components = new Map([...all].map((key) => [key, componentOf(withoutPeers(key))] as const));
for (const [key, component] of components) {
  const { dependencies, optionalDependencies } = lockfile.snapshots[key] ?? {};
  for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies })) {
    const needed = components.get(`${name}@${version}`) ?? components.get(version);
    if (needed !== undefined) component.dependencies.add(needed.bomRef);
  }
}
const subject = new Models.Component(Enums.ComponentType.Application, own.name, {
  version: own.version,
  bomRef: own.name,
});
for (const component of components.values()) subject.dependencies.add(component.bomRef);
const bom = new Models.Bom({
  metadata: new Models.Metadata({ component: subject }),
  components: new Models.ComponentRepository(components.values()),
});

const spec = Spec.Spec1dot6;
const text = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(spec)).serialize(bom, {
  sortLists: true,
  space: 2,
});
const validator = new Validation.JsonStrictValidator(spec.version);
const fault = await validator.validate(text);
if (fault !== null) throw new Error('the bill is not what CycloneDX 1.6 says', { cause: fault });
// A check that cannot fail is none.
if ((await validator.validate(text.replace('"components"', '"constituents"'))) === null)
  throw new Error('the check itself misses what it looks for');
if (components.size === 0) throw new RangeError(`nothing comes with ${folder}`);
writeFileSync(file, `${text}\n`);
console.log(`${components.size} components in ${file}`);

function componentOf(id: string): cdx.Models.Component {
  const [fullName, version] = nameAndVersion(id);
  const [name = '', group] = fullName.split('/').toReversed();
  const manifest = installed.get(id);
  const licence = manifest === undefined ? undefined : licenceOf(manifest);
  const [, hash = ''] = (lockfile.packages[id]?.resolution.integrity ?? '').split('-');
  return new Models.Component(Enums.ComponentType.Library, name, {
    ...(group === undefined ? {} : { group }),
    version,
    bomRef: id,
    purl: `pkg:npm/${fullName.replace('@', '%40')}@${version}`,
    hashes: new Models.HashDictionary([
      [Enums.HashAlgorithm['SHA-512'], Buffer.from(hash, 'base64').toString('hex')],
    ]),
    licenses: new Models.LicenseRepository(
      licence === undefined
        ? []
        : [
            / (?:OR|AND) /.test(licence)
              ? new Models.LicenseExpression(licence)
              : new Models.SpdxLicense(licence),
          ],
    ),
  });
}
