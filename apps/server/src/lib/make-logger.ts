/** @file The logger: JSON lines for machines, or short lines for a person at a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino';

/** How to log. */
export interface LoggerOptions {
  readonly level: string;
  readonly format: 'json' | 'console';
}

/**
 * Makes the logger.
 *
 * @param destination where lines go; standard output if absent.
 */
export function makeLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const sink = destination ?? pino.destination({ dest: 1, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.format === 'json' ? sink : { write: (line: string) => sink.write(consoleLine(line)) },
  );
}

/** `12:34:56.789 info  request  method=GET path=/livez` */
function consoleLine(json: string): string {
  const { time, level, msg, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const fields = Object.entries(rest)
    .filter(([name]) => name !== 'event')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const clock = String(time).slice(11, 23);
  return `${clock} ${String(level).padEnd(5)} ${String(msg)}  ${fields.join(' ')}\n`;
}
