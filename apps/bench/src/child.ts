/** @file Starts a child process that answers with its URL, and ends it again. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ChildServer {
  readonly url: string;
  readonly pid: number;
  /** Has its garbage collected. */
  readonly collect: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts `processes/NAME.ts` and waits until it says where it listens.
 *
 * @param database its first argument: a URL, or a folder for an embedded one.
 * @param env more of its environment.
 */
export async function startChild(
  name: string,
  database: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildServer> {
  const file = fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url));
  const child = fork(file, [database], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { url: string }) => resolve(message.url));
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code} before it listened`)));
  });
  return {
    url,
    pid: child.pid!,
    async collect() {
      const collected = once(child, 'message');
      child.send('collect');
      await collected;
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
