/** @file Looks for secrets in a heap of text, in every spelling in which a database may hold bytes. */

/** What starts a match; shorter needles would be found in random text by chance. */
const SHORTEST = 6;

/**
 * Gives those of the needles that the haystack holds as text, as hexadecimal digits of their UTF-8, or
 * within base64 or base64url at any of the three alignments.
 *
 * @throws {RangeError} a needle is too short for its absence to say anything.
 */
export function findNeedles(haystack: string, needles: readonly (string | Uint8Array)[]): readonly string[] {
  const byStart = new Map<string, { readonly form: string; readonly needle: string }[]>();
  for (const needle of needles) {
    const name = typeof needle === 'string' ? needle : Buffer.from(needle).toString('hex');
    for (const form of formsOf(needle)) {
      const start = form.slice(0, SHORTEST);
      byStart.set(start, [...(byStart.get(start) ?? []), { form, needle: name }]);
    }
  }
  const found = new Set<string>();
  for (let position = 0; position + SHORTEST <= haystack.length; position += 1) {
    const candidates = byStart.get(haystack.slice(position, position + SHORTEST));
    if (candidates === undefined) continue;
    for (const { form, needle } of candidates) if (haystack.startsWith(form, position)) found.add(needle);
  }
  return [...found];
}

function formsOf(needle: string | Uint8Array): readonly string[] {
  const bytes = typeof needle === 'string' ? Buffer.from(needle) : Buffer.from(needle);
  if (bytes.length < SHORTEST) throw new RangeError(`a needle must be at least ${SHORTEST} bytes`);
  const base64 = [0, 1, 2].flatMap((offset) => base64Within(bytes, offset));
  const forms = [bytes.toString('hex'), ...base64.flatMap((text) => [text, toBase64Url(text)])];
  return [...new Set(typeof needle === 'string' ? [needle, ...forms] : forms)];
}

/** What base64 shows of bytes that begin at this offset: the characters that depend on nothing else. */
function base64Within(bytes: Buffer, offset: number): readonly string[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  const inner = text.slice(Math.ceil((offset * 8) / 6), whole);
  return inner.length >= SHORTEST ? [inner] : [];
}

function toBase64Url(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
