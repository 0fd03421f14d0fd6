/**
 * @file The canonical form of a login, used by client and server alike.
 * It is part of the salt (docs/protocol.md section 1), so both must compute the same text.
 */
declare const URL: new (text: string) => { readonly hostname: string };

/** Longest login, in UTF-16 code units, before and after canonicalisation. */
export const LOGIN_MAX_LENGTH = 254;

/** Names nobody may register, because people take them for the operator's. */
export const RESERVED_USERNAMES: readonly string[] = [
  'admin',
  'administrator',
  'root',
  'system',
  'api',
  'www',
  'mail',
  'support',
  'help',
  'null',
  'undefined',
  'true',
  'false',
];

const USERNAME = /^[a-z0-9_-]{3,50}$/;
const LOCAL_PART = /^[^\p{C}\p{Z}@<>()[\]\\,;:"]{1,64}$/u;
const UNICODE_DOMAIN = /^[\p{L}\p{N}\p{M}.\-\u3002]{1,253}$/u;
const ASCII_DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Gives the one spelling of a login: NFKC, trimmed, lower-cased; with an `@` the domain by IDNA
 * (UTS 46, as URL hosts have it), without one a username.
 *
 * @param text as a person typed it.
 * @returns the canonical login, or undefined if the text is none.
 * @see docs/protocol.md section 1
 */
export function canonicalLogin(text: string): string | undefined {
  if (text.length > LOGIN_MAX_LENGTH || !text.isWellFormed()) return undefined;
  const once = canonicalOnce(text);
  if (once === undefined || once.length > LOGIN_MAX_LENGTH) return undefined;
  // No text is known that changes a second time; if there is one, it has no one spelling and is no login.
  return canonicalOnce(once) === once ? once : undefined;
}

/** True if the login is a username that nobody may register. */
export function isReservedLogin(canonical: string): boolean {
  return RESERVED_USERNAMES.includes(canonical);
}

function canonicalOnce(text: string): string | undefined {
  const folded = text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
  const at = folded.lastIndexOf('@');
  if (at === -1) return USERNAME.test(folded) ? folded : undefined;
  const local = folded.slice(0, at);
  const domain = asciiDomain(folded.slice(at + 1));
  return LOCAL_PART.test(local) && domain !== undefined ? `${local}@${domain}` : undefined;
}

/** The domain in A-label form. An address literal is none: its last label must begin with a letter. */
function asciiDomain(domain: string): string | undefined {
  if (!UNICODE_DOMAIN.test(domain)) return undefined;
  try {
    const { hostname } = new URL(`http://${domain}/`);
    return hostname.length <= 253 && ASCII_DOMAIN.test(hostname) ? hostname : undefined;
  } catch {
    return undefined; // The URL parser is the validity check: it throws for what IDNA refuses.
  }
}
