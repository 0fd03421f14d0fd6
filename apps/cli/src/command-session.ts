/** @file How a command is declared: its flags, and the function that runs it with a context. */
import type { Command } from 'commander';
import type { Context, GlobalOptions } from './context.ts';

/** Runs one command. What it throws becomes the exit code, or what it gives if it gives a number. */
export type Act<Options> = (
  context: Context,
  options: Options,
  words: readonly string[],
) => Promise<number | void>;

/** Ties a declared command to what it does. */
export type Bind = <Options extends object>(command: Command, act: Act<Options & GlobalOptions>) => void;

/** Collects a flag that may be given several times. */
export function collect(value: string, former: readonly string[] | undefined): readonly string[] {
  return [...(former ?? []), value];
}
