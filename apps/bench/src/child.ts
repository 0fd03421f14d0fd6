/** @file Starts a child process that answers with its URL, and ends it again. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ChildServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts `processes/NAME.ts` and waits until it says where it listens.
 *
 * @param databaseUrl its first argument.
 */
export async function startChild(name: string, databaseUrl: string): Promise<ChildServer> {
  const file = fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url));
  const child = fork(file, [databaseUrl], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { url: string }) => resolve(message.url));
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code} before it listened`)));
  });
  return {
    url,
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
