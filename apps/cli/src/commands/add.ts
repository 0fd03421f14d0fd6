/** @file `zkvault add`: saves a new entry. What may be secret never comes from a flag. */
import { type CustomField, type EntryKind, generatePassword } from '@zkvault/sdk';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Bind, collect } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { isLong, kindInputs, makeDraft, secretsToAsk } from '../entry-input.ts';
import { summaryOf } from '../entry-view.ts';
import { printableLine } from '../io/printable.ts';
import { addPasswordOption } from './session-options.ts';

interface AddOptions extends UnlockOptions {
  readonly title: string;
  readonly username?: string;
  readonly url?: readonly string[];
  readonly tag?: readonly string[];
  readonly favorite?: boolean;
  readonly set?: readonly string[];
  readonly field?: readonly string[];
  readonly secret?: readonly string[];
  readonly hiddenField?: readonly string[];
  readonly secretStdin?: boolean;
  readonly generate?: boolean;
  readonly length: number;
}

const help = `
Secrets are asked for on a terminal, or read from standard input with --secret-stdin, one line each:
  1. with --password-stdin: the password of the account
  2. the secrets of the kind: login password · card number, securityCode · ssh-key privateKey · note notes
  3. those named with --secret (totp, notes, nationalId, passportNumber, licenseNumber)
  4. the values of --hidden-field, in their order
privateKey and notes have several lines: they come last and take all that is left.

Fields for --set:
${Object.entries(kindInputs)
  .filter(([, { open }]) => open.length > 0)
  .map(([kind, { open }]) => `  ${kind.padEnd(9)} ${open.join(', ')}`)
  .join('\n')}`;

/** Declares the command. */
export function addAdd(program: Command, bind: Bind): void {
  const command = program
    .command('add')
    .summary('save a new entry')
    .description('Saves a new entry and prints its id.')
    .addArgument(new Argument('<kind>', 'what it is').choices(Object.keys(kindInputs)))
    .requiredOption('--title <title>', 'what it is called')
    .option('--username <name>', 'user name of a login or an identity')
    .option('--url <url>', 'page of a login; may be repeated', collect)
    .option('--tag <tag>', 'may be repeated', collect)
    .option('--favorite', 'mark it as a favourite')
    .option('--set <name=value>', 'another field of the kind that is not secret; may be repeated', collect)
    .option('--field <name=value>', 'a field of your own that is not secret; may be repeated', collect)
    .option('--hidden-field <name>', 'a secret field of your own; may be repeated', collect)
    .option('--secret <name>', 'a secret of the kind that is not always asked for; may be repeated', collect)
    .option('--secret-stdin', 'read the secrets from standard input')
    .option('--generate', 'make the password of a login')
    .addOption(
      new Option('--length <number>', 'length of the password made').argParser(parseLength).default(20),
    )
    .addHelpText('after', help);
  bind<AddOptions>(addPasswordOption(command), add);
}

async function add(context: Context, options: AddOptions, words: readonly string[]): Promise<void> {
  const kind = words[0] as EntryKind;
  if (options.generate === true && kind !== 'login')
    throw new CliError('usage', 'only a login can have its password made');
  const names = secretsToAsk(kind, options.secret ?? [], options.generate === true);
  const flags = {
    kind,
    title: options.title,
    favorite: options.favorite === true,
    tags: options.tag ?? [],
    urls: options.url ?? [],
    set: [
      ...(options.set ?? []),
      ...(options.username === undefined ? [] : [`username=${options.username}`]),
    ],
    fields: options.field ?? [],
  };
  // Made once without secrets, so that a wrong flag is reported before anything is asked.
  makeDraft(flags, { own: new Map(), custom: [] });
  const client = await openVault(context, options);
  const secrets = await readSecrets(context, options, names);
  if (options.generate === true)
    secrets.own.set('password', generatePassword({ length: options.length }).password);
  const entry = await client.entries.create(makeDraft(flags, secrets), { signal: context.signal });
  context.output.result({
    json: summaryOf(entry),
    text: context.output.isTerminal ? `Saved ${printableLine(entry.title)} as ${entry.id}.` : entry.id,
  });
}

async function readSecrets(
  context: Context,
  options: AddOptions,
  names: readonly string[],
): Promise<{ readonly own: Map<string, string>; readonly custom: readonly CustomField[] }> {
  const own = new Map<string, string>();
  for (const name of names.filter((candidate) => !isLong(candidate)))
    own.set(name, await readSecret(context, options, name));
  const custom: CustomField[] = [];
  for (const name of options.hiddenField ?? [])
    custom.push({ name, value: await readSecret(context, options, name), hidden: true });
  for (const name of names.filter(isLong)) own.set(name, await readLong(context, options, name));
  return { own, custom };
}

async function readSecret(context: Context, options: AddOptions, name: string): Promise<string> {
  if (options.secretStdin !== true)
    return await context.questions.askSecret(wordsOf(name), { mayBeEmpty: true });
  const line = await context.questions.stdin.next();
  if (line === undefined)
    throw new CliError('usage', `standard input ended before ${name}; see zkvault add --help`);
  return line;
}

async function readLong(context: Context, options: AddOptions, name: string): Promise<string> {
  if (options.secretStdin === true) return await context.questions.stdin.rest();
  return await context.questions.askText(wordsOf(name));
}

/** `securityCode` as "Security code". */
function wordsOf(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function parseLength(text: string): number {
  const length = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (length < 8 || length > 128) throw new InvalidArgumentError('Give a number from 8 to 128.');
  return length;
}
