/** @file What a session is fuzzed on: a server that can be copied and put back, the fake or the real one. */
import type { Fetch } from '../../src/options.ts';
import { type HostileServer, makeHostileServer } from '../../src/testing/hostile-server.ts';
import { makeFakeServer } from '../fake-server.ts';

/** A server to fuzz a session on. */
export interface Stage {
  readonly server: HostileServer;
  /** The same server, without lies in between. */
  readonly honest: Fetch;
  readonly baseUrl: string;
  /** How long a call may take that a slow answer holds up, in milliseconds: longer than an honest one takes. */
  readonly slowMs: number;
  /** Makes an account an administrator, by the hand of whoever runs the server; left out where there are none. */
  readonly makeAdministrator?: (login: string) => Promise<void>;
  close(): Promise<void>;
}

/** The fake server as a stage: no I/O, so thousands of sessions a minute. */
export function makeFakeStage(): Stage {
  const fake = makeFakeServer();
  // Small pages, so that a download takes several.
  fake.pageLimit = 3;
  const server = makeHostileServer({
    upstream: fake.fetch,
    snapshot: () => fake.snapshot(),
    restore(state) {
      fake.restore(state);
      fake.requests.splice(0);
    },
  });
  return {
    server,
    honest: fake.fetch,
    baseUrl: 'https://vault.example',
    slowMs: 60,
    close: async () => undefined,
  };
}
