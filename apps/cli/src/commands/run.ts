/** @file `zkvault run`: starts a program with secrets in its environment, which nobody writes down anywhere. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { runChild } from '../child-process.ts';
import { CliError } from '../cli-error.ts';
import { type Bind, collect } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { parseEnvFile } from '../env-file.ts';
import { API_KEY_VARIABLES, openEntries } from '../open-entries.ts';
import { parseReference, referringNames, resolveReferences } from '../secret-references.ts';
import { addPasswordOption } from './session-options.ts';

interface RunOptions extends UnlockOptions {
  readonly envFile?: readonly string[];
}

/** Declares the command. */
export function addRun(program: Command, bind: Bind): void {
  const command = program
    .command('run')
    .summary('start a program with secrets in its environment')
    .description(
      'Starts a program. Where the value of an environment variable is zkvault://<entry>/<field>, the program gets that field of that entry (title or id) instead. If one of them is not there, nothing is started. Ends with the exit code of the program.',
    )
    .argument('<command...>', 'the program and its arguments, after --')
    .option('--env-file <file>', 'more variables, as lines of NAME=value; may be repeated', collect)
    .addHelpText(
      'after',
      '\nExample: DB_PASSWORD=zkvault://Database/password zkvault run -- node server.js\nThe program does not get ZKVAULT_API_KEY.',
    );
  bind<RunOptions>(addPasswordOption(command), run);
}

async function run(context: Context, options: RunOptions, words: readonly string[]): Promise<number> {
  const [command, ...args] = words;
  if (command === undefined) throw new CliError('usage', 'which program? zkvault run -- PROGRAM ARGUMENTS');
  const variables = await readVariables(context, options.envFile ?? []);
  const env = await withSecrets(context, options, variables);
  context.signal.throwIfAborted();
  const { terminal } = context;
  return runChild({
    command,
    words: args,
    env,
    workingDirectory: terminal.workingDirectory,
    isAtTerminal: terminal.stdin.isTTY === true,
  });
}

/** The environment, what the files add to it, and without what opens the vault. */
async function readVariables(
  { terminal }: Context,
  files: readonly string[],
): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(terminal.env)) if (value !== undefined) variables[name] = value;
  for (const file of files) {
    const text = await readFile(resolve(terminal.workingDirectory, file), 'utf8').catch((error: unknown) => {
      throw new CliError('usage', 'a file of --env-file cannot be read', { cause: error });
    });
    Object.assign(variables, parseEnvFile(text));
  }
  for (const name of API_KEY_VARIABLES) delete variables[name];
  return variables;
}

/** Opens the vault only if something refers to it. */
async function withSecrets(
  context: Context,
  options: RunOptions,
  variables: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const names = referringNames(variables);
  if (names.length === 0) return variables;
  for (const name of names) parseReference(name, variables[name] ?? '');
  const client = await openEntries(context, options);
  return resolveReferences(variables, await client.entries.list({ signal: context.signal }));
}
