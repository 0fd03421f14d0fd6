/** @file `zkvault add`: saves a new entry. What may be secret never comes from a flag. */
import { type EntryKind, generatePassword } from '@zkvault/sdk';
import { Argument, type Command } from 'commander';
import { askSecrets } from '../ask-secrets.ts';
import { CliError } from '../cli-error.ts';
import { type Bind, collect } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { kindInputs, makeDraft, secretsToAsk } from '../entry-input.ts';
import { summaryOf } from '../entry-view.ts';
import { printableLine } from '../io/printable.ts';
import { openEntries } from '../open-entries.ts';
import { addGenerateOptions, type GenerateOptions } from './generate-options.ts';
import { addPasswordOption } from './session-options.ts';

interface AddOptions extends UnlockOptions, GenerateOptions {
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
    .addHelpText('after', help);
  bind<AddOptions>(addPasswordOption(addGenerateOptions(command)), add);
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
  const client = await openEntries(context, options);
  const secrets = await askSecrets(context, {
    names,
    hiddenFields: options.hiddenField ?? [],
    fromStdin: options.secretStdin === true,
  });
  if (options.generate === true)
    secrets.own.set('password', generatePassword({ length: options.length }).password);
  const entry = await client.entries.create(makeDraft(flags, secrets), { signal: context.signal });
  context.output.result({
    json: summaryOf(entry),
    text: context.output.isTerminal ? `Saved ${printableLine(entry.title)} as ${entry.id}.` : entry.id,
  });
}
