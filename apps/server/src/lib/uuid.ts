/** @file UUIDs that the server makes: version 7, so that they sort by time. */
import { randomBytes } from 'node:crypto';

/** A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, 74 random bits, lower case. */
export function makeUuid7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
