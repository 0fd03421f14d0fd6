/** @file Asks for the secrets of an entry: by prompts on a terminal, or line by line from standard input. */
import type { CustomField } from '@zkvault/sdk';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import { isLong } from './entry-input.ts';

/** Which secrets to ask for, and where. */
export interface SecretsToAsk {
  /** Fields of the kind, long ones last. */
  readonly names: readonly string[];
  /** Names of the user's own fields. */
  readonly hiddenFields: readonly string[];
  /** True to read lines of standard input instead of asking. */
  readonly fromStdin: boolean;
}

/** What was given. */
export interface Secrets {
  readonly own: Map<string, string>;
  readonly custom: readonly CustomField[];
}

/** Asks for every secret once: short ones, the user's own fields, then the long one, which takes all that is left. */
export async function askSecrets(context: Context, wanted: SecretsToAsk): Promise<Secrets> {
  const own = new Map<string, string>();
  for (const name of wanted.names.filter((candidate) => !isLong(candidate)))
    own.set(name, await askShort(context, wanted, name));
  const custom: CustomField[] = [];
  for (const name of wanted.hiddenFields)
    custom.push({ name, value: await askShort(context, wanted, name), hidden: true });
  for (const name of wanted.names.filter(isLong)) own.set(name, await askLong(context, wanted, name));
  return { own, custom };
}

async function askShort({ questions }: Context, { fromStdin }: SecretsToAsk, name: string): Promise<string> {
  if (!fromStdin) return await questions.askSecret(wordsOf(name), { mayBeEmpty: true });
  const line = await questions.stdin.next();
  if (line === undefined)
    throw new CliError('usage', `standard input ended before ${name}; see --help of this command`);
  return line;
}

async function askLong({ questions }: Context, { fromStdin }: SecretsToAsk, name: string): Promise<string> {
  if (fromStdin) return await questions.stdin.rest();
  return await questions.askText(wordsOf(name));
}

/** `securityCode` as "Security code". */
function wordsOf(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
