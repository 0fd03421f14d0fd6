import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { cutToWidth, displayWidth } from './display-width.ts';
import { printableLine, printableText } from './printable.ts';
import { makeStdinLines } from './stdin-lines.ts';
import { layOutTable } from './table.ts';
import { makePaint } from './terminal.ts';

describe('text for people', () => {
  it.for([
    ['a sequence that clears the screen', 'a\u001b[2Jb', 'a\\x1b[2Jb'],
    ['a sequence that sets the clipboard', '\u001b]52;c;aGk=\u0007', '\\x1b]52;c;aGk=\\x07'],
    ['a one-byte control sequence introducer', '\u009b31m', '\\x9b31m'],
    ['a carriage return that would overwrite the line', 'evil\rgood', 'evil\\rgood'],
    ['an override of the reading direction', 'a\u202egpj.exe', 'a\\u202egpj.exe'],
    ['half a character', 'a\ud83d', 'a\\ud83d'],
    ['a line break and a tab', 'a\nb\tc', 'a\\nb\\tc'],
    ['nothing unusual', 'Zoë 明 👩‍👩‍👧 €', 'Zoë 明 👩‍👩‍👧 €'],
  ] as const)('shows %s instead of obeying it', ([, text, shown]) => {
    expect(printableLine(text)).toBe(shown);
  });

  it('keeps the line breaks of notes, whatever the system they come from', () => {
    expect(printableText('a\r\nb\n\tc\u0000')).toBe('a\nb\n\tc\\x00');
  });
});

describe('a table', () => {
  it('aligns what is wide, combined or an emoji by columns, not by characters', () => {
    expect(['ab', '明', 'e\u0301', '👩‍👩‍👧', '⚠️', ''].map(displayWidth)).toEqual([2, 2, 1, 2, 2, 0]);
    expect(cutToWidth('明明明', 4)).toBe('明…');

    const { heading, lines } = layOutTable(
      [{ heading: 'A' }, { heading: 'B' }],
      [
        ['明', 'x'],
        ['abc', 'y'],
      ],
      80,
    );

    expect([heading, ...lines]).toEqual(['A    B', '明   x', 'abc  y']);
  });

  it('gives way in its flexible columns until it fits the terminal', () => {
    const { heading, lines } = layOutTable(
      [{ heading: 'TITLE', flexible: true }, { heading: 'ID' }],
      [['x'.repeat(60), '12345678']],
      40,
    );

    expect(displayWidth(lines[0] ?? '')).toBe(40);
    expect(lines[0]).toMatch(/^x+…\s+12345678$/);
    expect(heading).toMatch(/^TITLE\s+ID$/);
  });
});

describe('colour', () => {
  const tty = { isTTY: true };

  it.for([
    ['a terminal', tty, {}, true, true],
    ['a pipe', {}, {}, true, false],
    ['NO_COLOR', tty, { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR, which means nothing', tty, { NO_COLOR: '' }, true, true],
    ['a dumb terminal', tty, { TERM: 'dumb' }, true, false],
    ['--no-color', tty, {}, false, false],
  ] as const)('follows %s', ([, stream, env, color, isColorful]) => {
    const painted = makePaint(stream, env, { color })('good', 'x');

    expect(painted !== 'x').toBe(isColorful);
  });
});

describe('standard input', () => {
  it('gives one line after the other, then the rest, however it arrives', async () => {
    const lines = makeStdinLines(
      Readable.from([Buffer.from('pass w'), Buffer.from('ord \r\n\nthe\nre'), Buffer.from('st\n')]),
    );

    expect(await lines.next()).toBe('pass word ');
    expect(await lines.next()).toBe('');
    expect(await lines.rest()).toBe('the\nrest');
    expect(await lines.next()).toBeUndefined();
  });

  it('takes a last line without a line break', async () => {
    const lines = makeStdinLines(Readable.from([Buffer.from('only')]));

    expect(await lines.next()).toBe('only');
    expect(await lines.next()).toBeUndefined();
  });

  it.for([
    ['more than 1 MiB', Buffer.alloc(1_048_577, 97)],
    ['bytes that are not UTF-8', Buffer.from([0x70, 0xff])],
  ] as const)('refuses %s as a wrong use', async ([, bytes]) => {
    await expect(makeStdinLines(Readable.from([bytes])).next()).rejects.toMatchObject({ exit: 'usage' });
  });
});
