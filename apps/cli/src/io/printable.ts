/**
 * @file Makes text from a vault safe to show to a person. A title can hold whatever its writer wished,
 * also sequences that move the cursor, change the clipboard or turn the reading direction.
 */

/** C0, DEL, C1, the bidirectional controls, the line separators and half characters. */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- naming control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** The text on one line: whatever a terminal would obey instead of show becomes an escape like `\x1b`. */
export function printableLine(text: string): string {
  return text.replace(UNSAFE, escapeOf);
}

/** The text with its line breaks and tabs; everything else that a terminal would obey is escaped. */
export function printableText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(UNSAFE, (character) =>
      character === '\n' || character === '\t' ? character : escapeOf(character),
    );
}

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  const code = character.charCodeAt(0);
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
