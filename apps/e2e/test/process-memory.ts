/** @file What a core file of a running process would hold, read from it as it runs. Linux; of a child, or as root. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PIECE_BYTES = 2 ** 18;
const NOTHING = Buffer.alloc(PIECE_BYTES);

/** Hands every piece of memory that the process can write to `feed`. @returns how many bytes that were. */
export function readMemory(processId: number, feed: (piece: Uint8Array) => void): number {
  const maps = readFileSync(`/proc/${processId}/maps`, 'latin1').split('\n');
  const memory = openSync(`/proc/${processId}/mem`, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  let total = 0;
  try {
    for (const line of maps) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (from === '') continue;
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; ) {
        const count = readPiece(memory, piece, Math.min(PIECE_BYTES, end - at), at);
        if (count === 0) break;
        // Memory that was never used reads as zeros, and there is much of it.
        if (!piece.subarray(0, count).equals(NOTHING.subarray(0, count))) feed(piece.subarray(0, count));
        total += count;
        at += count;
      }
    }
  } finally {
    closeSync(memory);
  }
  return total;
}

/** @returns 0 where nothing can be read: a page that was given back meanwhile. */
function readPiece(memory: number, piece: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, piece, 0, length, at);
  } catch {
    return 0;
  }
}
