/** @file Puts together one draft of an import, with what has no place of its own in custom fields and notes. */
import type { CommonFields, EntryDraft, EntryKind, KindFields } from '../entry-kinds.ts';
import type { ImportedItem } from './imported-item.ts';
import type { RejectionCode } from './rejected-row.ts';
import type { RemarkCounter } from './remarks.ts';

/** What a title can be made from if there is none. */
const NO_TITLE = '(no name)';

/**
 * Makes the draft of an item.
 *
 * A missing title becomes the host of the first URL, or the user name.
 */
export function buildDraft(item: ImportedItem, remarks: RemarkCounter): EntryDraft {
  const hasTitle = item.title.trim() !== '';
  if (!hasTitle) remarks.add('titles-made');
  const common: CommonFields & { readonly type: EntryKind } = {
    type: item.type,
    title: hasTitle ? item.title : makeTitle(item.content),
    favorite: item.favorite,
    tags: [...new Set(item.tags.map((tag) => tag.trim()).filter((tag) => tag !== ''))],
    notes: item.notes,
    fields: item.fields.map((field) => ({ ...field, name: field.name === '' ? NO_TITLE : field.name })),
  };
  return { ...common, ...item.content, ...datesOf(item) };
}

/** True if there is nothing in an item that somebody could miss. */
export function isEmptyItem(item: ImportedItem): boolean {
  const texts = [item.title, item.notes, ...Object.values(item.content).flat()];
  return item.fields.length === 0 && texts.every((text) => typeof text !== 'string' || text.trim() === '');
}

/** Why a text cannot be saved, if it cannot: half a character or NUL, which no field may hold. */
export function findTextFault(value: unknown): RejectionCode | undefined {
  if (typeof value === 'string')
    return value.isWellFormed() && !value.includes('\0') ? undefined : 'text-malformed';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const part of Object.values(value)) {
    const fault = findTextFault(part);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The host of a URL as it stands in the text; empty if it is none. */
function hostOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]+)/i.exec(url)?.[1] ?? '';
}

function makeTitle(content: ImportedItem['content']): string {
  const { urls, username } = content as Partial<KindFields['login']>;
  return (
    [hostOf(urls?.[0] ?? ''), username, urls?.[0]].find((text) => text !== undefined && text !== '') ??
    NO_TITLE
  );
}

function datesOf(item: ImportedItem): { createdAt?: string; updatedAt?: string } {
  const createdAt = instantOf(item.createdAt);
  const updatedAt = instantOf(item.updatedAt);
  return { ...(createdAt && { createdAt }), ...(updatedAt && { updatedAt }) };
}

/** A date as we write it, or undefined. */
function instantOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T/.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
