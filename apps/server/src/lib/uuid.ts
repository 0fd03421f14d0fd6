/** @file UUIDs that the server makes: version 7, so that they sort by time. */
import { randomFillSync } from 'node:crypto';

const RANDOM_BYTES = 10;
/** Random bytes ahead of their use: asking the system for a few at a time costs more than the UUID. */
const random = Buffer.alloc(256 * RANDOM_BYTES);
let used = random.length;

/** A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, 74 random bits, lower case. */
export function makeUuid7(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const tail = random.subarray(used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  tail.writeUInt8(0x70 | (tail.readUInt8(0) & 0x0f), 0);
  tail.writeUInt8(0x80 | (tail.readUInt8(2) & 0x3f), 2);
  const time = Date.now().toString(16).padStart(12, '0');
  const hex = tail.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`;
}
