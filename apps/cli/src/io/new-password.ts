/** @file Asks for a password that is about to be set: twice on a terminal, once from standard input. */
import { CliError } from '../cli-error.ts';
import { type Context, readPassword, type UnlockOptions } from '../context.ts';

/** The new password. @throws {CliError} `usage`: there is none, or the two are not the same. */
export async function readNewPassword(context: Context, options: UnlockOptions): Promise<string> {
  const message = 'New password (at least 12 characters)';
  const password = await readPassword(context, { ...options, message });
  if (options.passwordStdin === true) return password;
  if ((await context.questions.askSecret('The same password again')) !== password)
    throw new CliError('usage', 'the two passwords are not the same; nothing was done');
  return password;
}
