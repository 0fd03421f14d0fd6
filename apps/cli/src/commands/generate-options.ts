/** @file The options of commands that can make a password. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** What they give. */
export interface GenerateOptions {
  readonly generate?: boolean;
  readonly length: number;
}

/** Adds `--generate` and `--length`. */
export function addGenerateOptions(command: Command): Command {
  return command
    .option('--generate', 'make the password of a login')
    .addOption(
      new Option('--length <number>', 'length of the password made').argParser(parseLength).default(20),
    );
}

function parseLength(text: string): number {
  const length = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (length < 8 || length > 128) throw new InvalidArgumentError('Give a number from 8 to 128.');
  return length;
}
