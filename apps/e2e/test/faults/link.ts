/** @file A TCP proxy that does to connections what networks do: cut, black-hole, slow down, lose the answer. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';

/** What becomes of a connection. */
export type Fate = 'pass' | 'cut' | 'black-hole' | 'slow' | 'lose-answer';

/** A link. */
export interface Link {
  readonly port: number;
  /** How many connections met each fate. A connection that ended before its fate came counts as passed. */
  readonly met: Readonly<Record<Fate, number>>;
  /** From now on things happen to new connections, as the weather says. Before, nothing does. */
  worsen(): void;
  /** Nothing happens any more to new connections; those there are cut. */
  heal(): void;
  /** Those there carry nothing any more, and do not end: what a firewall does that has forgotten them. */
  forgetAll(): void;
  close(): Promise<void>;
}

/** How a link behaves. */
export interface LinkWeather {
  readonly dice: Dice;
  /** The part of the connections that something happens to. */
  readonly badPart: number;
  readonly fates: readonly Exclude<Fate, 'pass'>[];
  /** After how many pieces of data it happens, at most. */
  readonly latestPiece: number;
  /** How long a black hole keeps its connections before they end. */
  readonly holeMs: number;
}

/** Opens a link on a free port of the loopback. */
export async function openLink(targetPort: number, weather: LinkWeather): Promise<Link> {
  const met: Record<Fate, number> = { pass: 0, cut: 0, 'black-hole': 0, slow: 0, 'lose-answer': 0 };
  const sockets = new Set<Socket>();
  const { dice, badPart, fates, latestPiece, holeMs } = weather;
  let isBad = false;
  let generation = 0;

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const ends = [client, upstream];
    for (const end of ends) sockets.add(end);
    const cut = (): void => {
      for (const end of ends) end.destroy();
    };
    for (const end of ends)
      end.on('error', cut).on('close', () => {
        sockets.delete(end);
        cut();
      });
    const fate =
      isBad && dice.chance(badPart) ? (fates[dice.between(0, fates.length - 1)] ?? 'pass') : 'pass';
    const at = dice.between(1, latestPiece);
    const born = generation;
    let pieces = 0;
    let isMet = false;
    const meet = (): void => {
      if (!isMet) met[fate] += 1;
      isMet = true;
    };
    client.on('close', () => {
      if (!isMet) met.pass += 1;
    });

    /** @returns false if the piece goes no further. */
    function happen(isAnswer: boolean): boolean {
      if (born !== generation) return false;
      pieces += 1;
      if (fate === 'pass' || pieces < at) return true;
      if (fate === 'slow') {
        // Slow from its first piece on; in the end it is cut as well, or all connections would end up slow.
        if (pieces > 3 * at) cut();
        return true;
      }
      if (fate === 'lose-answer') {
        if (!isAnswer) return true;
        meet();
        // The server has done its work and believes that it was heard.
        client.destroy();
        return false;
      }
      if (!isMet && fate === 'cut') {
        meet();
        cut();
      }
      if (!isMet && fate === 'black-hole') {
        meet();
        void sleep(holeMs, undefined, { ref: false }).then(cut);
      }
      return false;
    }

    for (const [from, to, isAnswer] of [
      [client, upstream, false],
      [upstream, client, true],
    ] as const)
      from.on('data', (piece) => {
        if (!happen(isAnswer)) return;
        if (fate !== 'slow') {
          to.write(piece);
          return;
        }
        meet();
        from.pause();
        void sleep(dice.between(5, 60), undefined, { ref: false }).then(() => {
          to.write(piece);
          return from.resume();
        });
      });
  });
  return {
    port: await listen(server),
    met,
    worsen() {
      isBad = true;
    },
    forgetAll() {
      generation += 1;
    },
    heal() {
      isBad = false;
      for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no port was given'));
    });
  });
}
