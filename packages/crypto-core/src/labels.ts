/**
 * @file Every domain-separation label of the protocol, in one table (docs/protocol.md sections 1 to 6).
 * No other file spells a label; two uses never share one.
 */

/** Labels of hashes and derived keys. `text/…` are ours, for the checksums of the printed keys. */
export const labels = {
  magic: 'ZKV1',
  salt: 'zkv/1/salt',
  root: 'zkv/1/root',
  auth: 'zkv/1/auth',
  passwordWrapping: 'zkv/1/kek/password',
  vaultWrapping: 'zkv/1/ak/vault-wrap',
  accountState: 'zkv/1/ak/state',
  identity: 'zkv/1/ak/identity',
  pins: 'zkv/1/ak/pins',
  entry: 'zkv/1/vk/entry',
  manifest: 'zkv/1/vk/manifest',
  blob: 'zkv/1/vk/blob',
  recoveryWrapping: 'zkv/1/kek/recovery',
  recoveryAuth: 'zkv/1/auth/recovery',
  apiKeyWrapping: 'zkv/1/kek/apikey',
  apiKeyGrant: 'zkv/1/apikey/grant',
  apiKeyPins: 'zkv/1/apikey/pins',
  envelope: 'zkv/1/env',
  envelopeHash: 'zkv/1/envhash',
  leaf: 'leaf',
  tombstone: 'tomb',
  secretKeyText: 'zkv/1/text/secret-key',
  recoveryKeyText: 'zkv/1/text/recovery-key',
} as const;

/** First byte of every hash of the manifest tree, so that no leaf is ever a node. */
export const treePrefixes = { leaf: 0, bucket: 1, branch: 2 } as const;

/** The one suite there is: first byte of every ciphertext. */
export const SUITE = 1;
