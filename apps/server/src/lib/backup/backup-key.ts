/** @file The key of backups. It is no key of the server's ring: who restores needs both, from two places. */
import { randomBytes } from 'node:crypto';
import { BackupError } from './backup-error.ts';

const FORM = /^zkvault-backup-key-1:([A-Za-z0-9_-]{43})$/;

/** 32 bytes. */
export type BackupKey = Uint8Array & { readonly __backupKey: true };

/** A fresh key as text. */
export function makeBackupKeyText(): string {
  return `zkvault-backup-key-1:${randomBytes(32).toString('base64url')}`;
}

/** Reads a key. @throws {BackupError} `key-invalid`. */
export function parseBackupKey(text: string): BackupKey {
  const [, encoded = ''] = FORM.exec(text.trim()) ?? [];
  const bytes = new Uint8Array(Buffer.from(encoded, 'base64url'));
  if (bytes.length !== 32 || new Set(bytes).size < 8) throw new BackupError('key-invalid');
  return bytes as BackupKey;
}
