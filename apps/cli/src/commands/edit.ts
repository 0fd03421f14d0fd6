/** @file `zkvault edit`: changes an entry. What may be secret never comes from a flag. */
import { generatePassword } from '@zkvault/sdk';
import type { Command } from 'commander';
import { askSecrets } from '../ask-secrets.ts';
import { CliError } from '../cli-error.ts';
import { type Bind, collect } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { makeChange, secretsToChange } from '../entry-input.ts';
import { summaryOf } from '../entry-view.ts';
import { findEntry } from '../find-entry.ts';
import { printableLine } from '../io/printable.ts';
import { openEntries } from '../open-entries.ts';
import { addGenerateOptions, type GenerateOptions } from './generate-options.ts';
import { addPasswordOption } from './session-options.ts';

interface EditOptions extends UnlockOptions, GenerateOptions {
  readonly title?: string;
  readonly username?: string;
  readonly url?: readonly string[];
  readonly tag?: readonly string[];
  readonly favorite?: boolean;
  readonly set?: readonly string[];
  readonly field?: readonly string[];
  readonly removeField?: readonly string[];
  readonly secret?: readonly string[];
  readonly hiddenField?: readonly string[];
  readonly secretStdin?: boolean;
}

const help = `
What is not named stays as it is. --tag and --url replace all that there are.
Secrets named with --secret (password, totp, notes, number, securityCode, privateKey, …) and --hidden-field are asked
for on a terminal, or read from standard input with --secret-stdin, one line each, in this order:
  1. with --password-stdin: the password of the account
  2. those named with --secret   3. the values of --hidden-field
privateKey and notes have several lines: they come last and take all that is left.
The fields for --set are those of zkvault add.`;

/** Declares the command. */
export function addEdit(program: Command, bind: Bind): void {
  const command = program
    .command('edit')
    .summary('change an entry')
    .description('Changes an entry, unless another device has changed it meanwhile.')
    .argument('<entry>', 'id, at least 8 characters of one, or title')
    .option('--title <title>', 'what it is called')
    .option('--username <name>', 'user name of a login or an identity')
    .option('--url <url>', 'page of a login; may be repeated', collect)
    .option('--tag <tag>', 'may be repeated', collect)
    .option('--favorite', 'mark it as a favourite')
    .option('--no-favorite', 'mark it as none')
    .option('--set <name=value>', 'another field of the kind that is not secret; may be repeated', collect)
    .option('--field <name=value>', 'a field of your own that is not secret; may be repeated', collect)
    .option('--hidden-field <name>', 'a secret field of your own; may be repeated', collect)
    .option('--remove-field <name>', 'a field of your own that goes; may be repeated', collect)
    .option('--secret <name>', 'a secret of the kind; may be repeated', collect)
    .option('--secret-stdin', 'read the secrets from standard input')
    .addHelpText('after', help);
  bind<EditOptions>(addPasswordOption(addGenerateOptions(command)), edit);
}

async function edit(context: Context, options: EditOptions, words: readonly string[]): Promise<void> {
  const client = await openEntries(context, options);
  const entry = findEntry(await client.entries.list({ signal: context.signal }), words[0] ?? '');
  if (options.generate === true && entry.type !== 'login')
    throw new CliError('usage', 'only a login can have its password made');
  const flags = {
    title: options.title,
    favorite: options.favorite,
    tags: options.tag,
    urls: options.url,
    set: [
      ...(options.set ?? []),
      ...(options.username === undefined ? [] : [`username=${options.username}`]),
    ],
    fields: options.field ?? [],
    removed: options.removeField ?? [],
  };
  const names = secretsToChange(entry, options.secret ?? []);
  // Made once without secrets, so that a wrong flag is reported before anything is asked.
  makeChange(entry, flags, { own: new Map(), custom: [] });
  const secrets = await askSecrets(context, {
    names,
    hiddenFields: options.hiddenField ?? [],
    fromStdin: options.secretStdin === true,
  });
  if (options.generate === true)
    secrets.own.set('password', generatePassword({ length: options.length }).password);
  const change = makeChange(entry, flags, secrets);
  if (Object.keys(change).length === 0)
    throw new CliError('usage', 'nothing to change; see zkvault edit --help');
  const changed = await client.entries.update(entry.id, change, {
    signal: context.signal,
    baseVersion: entry.version,
  });
  context.output.result({
    json: summaryOf(changed),
    text: context.output.isTerminal ? `Changed ${printableLine(changed.title)}.` : changed.id,
  });
}
