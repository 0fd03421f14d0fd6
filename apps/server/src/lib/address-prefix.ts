/** @file Addresses, cut so that they tell a network and not a person. */
import { isIPv6 } from 'node:net';

const IPV4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.(\d{1,3})$/i;

/**
 * The network of an address: `/24` for IPv4 (also when written as IPv6), `/48` for IPv6.
 *
 * @param address as the socket or a trusted proxy gave it; anything else gives `unknown`.
 */
export function addressPrefix(address: string): string {
  const mapped = IPV4.exec(address);
  return mapped === null ? ipv6Network(address, 48) : `${mapped[1]}.0/24`;
}

/**
 * What one customer of a network usually has: the address itself for IPv4 (also when written as IPv6), `/64`
 * for IPv6, where a single machine may use any address of that network.
 *
 * @param address as the socket or a trusted proxy gave it; anything else gives `unknown`.
 */
export function clientNetwork(address: string): string {
  const mapped = IPV4.exec(address);
  return mapped === null ? ipv6Network(address, 64) : `${mapped[1]}.${mapped[2]}`;
}

function ipv6Network(address: string, bits: 48 | 64): string {
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return 'unknown';
  const [head = '', tail] = bare.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...right];
  const network = groups.slice(0, bits / 16).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/${bits}`;
}
