/**
 * @file How a request came that Fastify refuses before it makes one: its `request.protocol` then knows nothing
 * of trusted proxies.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

/** Tells `https` or `http` of a message. */
export type ProtocolOf = (message: Pick<IncomingMessage, 'headers' | 'socket'>) => 'https' | 'http';

/** Makes the reader of protocols. @param trust the proxies whose word counts, as in the configuration. */
export function makeProtocolOf(trust: number | readonly string[] | false): ProtocolOf {
  const isTrusted = trustOf(trust);
  return ({ headers, socket }) => {
    if ('encrypted' in socket && socket.encrypted === true) return 'https';
    const forwarded = String(headers['x-forwarded-proto'] ?? '')
      .split(',')
      .at(-1)
      ?.trim();
    return forwarded === 'https' && isTrusted(socket.remoteAddress ?? '') ? 'https' : 'http';
  };
}

function trustOf(trust: number | readonly string[] | false): (address: string) => boolean {
  if (typeof trust !== 'object') return () => trust !== false;
  const proxies = new BlockList();
  for (const range of trust) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  return (address) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
