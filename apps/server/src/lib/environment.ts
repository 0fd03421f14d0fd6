/**
 * @file Reads values from an environment and collects everything that is wrong with it, so that an
 * operator sees all of it at once. No value is ever part of a message.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

/** An environment, as `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment is not acceptable. The message has one line per variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One entry per problem: `NAME: what is wished`. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not acceptable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** A name by which a variable may also be given, for those who come from another server. */
export interface Alias {
  readonly name: string;
  /** Put after the alias's value, such as `m` for a number of minutes. */
  readonly unit?: string;
}

/** How one variable is read. */
export interface Reading<Value> {
  readonly name: string;
  readonly alias?: Alias;
  /** What a good value looks like, for the message. */
  readonly wish: string;
  /** @returns undefined if the text is not acceptable. */
  readonly parse: (text: string) => Value | undefined;
}

/** Reads variables one by one; {@link EnvironmentReader.finish} throws if one was not acceptable. */
export interface EnvironmentReader {
  /** The value, or `fallback` if the variable is absent or not acceptable. */
  read<Value, Fallback>(reading: Reading<Value>, fallback: Fallback): Value | Fallback;
  /** True if the value of this variable is in a file that `NAME_FILE` names. */
  isInFile(name: string): boolean;
  /** Notes a problem: `NAME: what is wished`. */
  refuse(problem: string): void;
  /** True if a problem of this variable has been noted. */
  hasRefused(name: string): boolean;
  /** @throws {ConfigError} something was not acceptable. */
  finish(): void;
}

/** Makes a reader. An empty value counts as absent; `NAME_FILE` names a file that holds the value of `NAME`. */
export function readEnvironment(environment: Environment): EnvironmentReader {
  const problems: string[] = [];
  const textOf = (name: string): string | undefined => {
    const direct = nonEmpty(environment[name]);
    const file = nonEmpty(environment[`${name}_FILE`]);
    if (file === undefined) return direct;
    if (direct !== undefined) {
      problems.push(`${name}: give either ${name} or ${name}_FILE, not both`);
      return undefined;
    }
    try {
      return nonEmpty(readFileSync(file, 'utf8').trim());
    } catch (error) {
      problems.push(
        `${name}_FILE: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      );
      return undefined;
    }
  };
  const valueOf = <Value>({ name, alias, wish, parse }: Reading<Value>): Value | undefined => {
    const text = textOf(name);
    const other = alias === undefined ? undefined : textOf(alias.name);
    const otherText = other === undefined ? undefined : `${other}${alias?.unit ?? ''}`;
    const value = text === undefined ? undefined : parse(text);
    const otherValue = otherText === undefined ? undefined : parse(otherText);
    if ((text !== undefined && value === undefined) || (otherText !== undefined && otherValue === undefined))
      problems.push(`${name}: ${wish}`);
    else if (text !== undefined && other !== undefined && !isDeepStrictEqual(value, otherValue)) {
      problems.push(`${name}: differs from ${alias?.name}; give one of the two`);
      return undefined;
    }
    return value ?? otherValue;
  };
  return {
    read: (reading, fallback) => valueOf(reading) ?? fallback,
    isInFile: (name) => nonEmpty(environment[`${name}_FILE`]) !== undefined,
    refuse(problem) {
      problems.push(problem);
    },
    hasRefused: (name) =>
      problems.some((problem) => problem.startsWith(`${name}:`) || problem.startsWith(`${name}_FILE:`)),
    finish() {
      if (problems.length > 0) throw new ConfigError(problems);
    },
  };
}

/** A variable that is read, and its other name if it has one. */
export interface Variable {
  readonly name: string;
  readonly alias?: string;
}

/** A reader of an empty environment that notes what is asked for. */
export function recordVariables(): {
  readonly reader: EnvironmentReader;
  readonly variables: readonly Variable[];
} {
  const variables: Variable[] = [];
  const reader = readEnvironment({});
  return {
    variables,
    reader: {
      ...reader,
      read(reading, fallback) {
        const { name, alias } = reading;
        variables.push({ name, ...(alias === undefined ? {} : { alias: alias.name }) });
        return reader.read(reading, fallback);
      },
    },
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
