/** @file Flags that several commands share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_TIMEOUT_MS } from '../agent/agent-protocol.ts';

/** Adds `--password-stdin` for a command that can unlock for itself. */
export function addPasswordOption(command: Command): Command {
  return command.option('--password-stdin', 'read the password from the first line of standard input');
}

/** Adds `--totp-stdin` for a command that takes a one-time password. */
export function addTotpOption(command: Command): Command {
  return command.option('--totp-stdin', 'read the one-time password from the last line of standard input');
}

/** Adds `--timeout`, the idle time after which the vault locks itself. */
export function addTimeoutOption(command: Command): Command {
  const option = new Option('--timeout <time>', 'lock after so long without a command: 90s, 15m, 8h')
    .argParser(parseTime)
    .default(DEFAULT_TIMEOUT_MS, '15m');
  return command.addOption(option);
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const MAX_TIME_MS = 24 * 3_600_000;

function parseTime(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const timeMs = Number(count) * (unitsMs[unit] ?? Number.NaN);
  if (!(timeMs > 0 && timeMs <= MAX_TIME_MS))
    throw new InvalidArgumentError('Give a number and s, m or h, at most 24h.');
  return timeMs;
}
