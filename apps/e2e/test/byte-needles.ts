/** @file Looks for secrets in bytes of any size (files, memory), in every spelling in which a program may hold them. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBase32 } from '../../server/src/lib/base32.ts';

/** A secret: text, or bytes, and what it is called in a report. */
export interface Needle {
  readonly name: string;
  readonly value: string | Uint8Array;
}

/** Finds needles in pieces of one haystack, also where two pieces meet. */
export interface Search {
  feed(piece: Uint8Array): void;
  /** The names of what was found so far. */
  readonly found: ReadonlySet<string>;
}

/** What starts a match, in bytes; needles are longer. */
const START = 3;
const SHORTEST = 8;

/** The same needles for any number of haystacks. */
export interface ByteNeedles {
  search(): Search;
  searchFile(path: string): Promise<ReadonlySet<string>>;
  /** Every file below a folder. */
  searchFolder(path: string): Promise<ReadonlySet<string>>;
  /** Every spelling of every needle, in one piece: what a search must find all of. */
  everySpelling(): readonly {
    readonly name: string;
    readonly spelling: string;
    readonly bytes: Uint8Array;
  }[];
}

/** Prepares a search. @throws {RangeError} a needle is too short for its absence to say anything. */
export function byteNeedles(needles: readonly Needle[]): ByteNeedles {
  const forms = needles.flatMap(({ name, value }) =>
    spellingsOf(value).map(({ spelling, bytes }) => ({ name, spelling, bytes })),
  );
  const longest = Math.max(...forms.map(({ bytes }) => bytes.length));
  const starts = new Uint8Array(2 ** 24);
  const byStart = new Map<number, (typeof forms)[number][]>();
  for (const form of forms) {
    const start = startOf(form.bytes, 0);
    starts[start] = 1;
    byStart.set(start, [...(byStart.get(start) ?? []), form]);
  }

  function search(): Search {
    const found = new Set<string>();
    let rest = Buffer.alloc(0);
    return {
      found,
      feed(piece) {
        const bytes = Buffer.concat([rest, piece]);
        for (let at = 0; at + START <= bytes.length; at += 1) {
          const start = startOf(bytes, at);
          if (starts[start] === 0) continue;
          for (const form of byStart.get(start) ?? [])
            if (!found.has(form.name) && bytes.subarray(at, at + form.bytes.length).equals(form.bytes))
              found.add(form.name);
        }
        rest = bytes.subarray(Math.max(0, bytes.length - longest));
      },
    };
  }

  async function searchFile(path: string): Promise<ReadonlySet<string>> {
    const { feed, found } = search();
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) feed(piece as Buffer);
    return found;
  }

  return {
    search,
    searchFile,
    async searchFolder(path) {
      const found = new Set<string>();
      for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
        if (entry.isFile())
          for (const name of await searchFile(join(entry.parentPath, entry.name))) found.add(name);
      return found;
    },
    everySpelling: () => forms,
  };
}

function startOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function spellingsOf(value: string | Uint8Array): readonly { spelling: string; bytes: Buffer }[] {
  const raw = Buffer.from(value as Uint8Array);
  if (raw.length < SHORTEST) throw new RangeError(`a needle must be at least ${SHORTEST} bytes`);
  const texts: [string, string][] = [
    ['hexadecimal', raw.toString('hex')],
    ['hexadecimal in capitals', raw.toString('hex').toUpperCase()],
    ...[0, 1, 2].flatMap((offset): [string, string][] => {
      const text = withinBase64(raw, offset);
      const url = text.replaceAll('+', '-').replaceAll('/', '_');
      return [
        [`base64 at offset ${offset}`, text],
        [`base64url at offset ${offset}`, url],
      ];
    }),
    ...[0, 1, 2, 3, 4].map((offset): [string, string] => [
      `base32 at offset ${offset}`,
      withinBase32(raw, offset),
    ]),
  ];
  const wide = typeof value === 'string' ? wideOf(value) : [];
  return [
    { spelling: 'raw', bytes: raw },
    ...wide,
    ...texts.map(([spelling, text]) => ({ spelling, bytes: Buffer.from(text, 'latin1') })),
  ];
}

function wideOf(text: string): { spelling: string; bytes: Buffer }[] {
  const little = Buffer.from(text, 'utf16le');
  return [
    { spelling: 'UTF-16', bytes: little },
    { spelling: 'UTF-16, big end first', bytes: Buffer.from(little).swap16() },
  ];
}

/** What base64 shows of bytes that begin at this offset: the characters that depend on nothing else. */
function withinBase64(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function withinBase32(bytes: Buffer, offset: number): string {
  const text = encodeBase32(Buffer.concat([Buffer.alloc(offset), bytes]));
  return text.slice(Math.ceil((offset * 8) / 5), Math.floor(((offset + bytes.length) * 8) / 5));
}
