/** The door for Node: what needs files or native code. */
export { nativeKdf } from '@zkvault/crypto-core/node';
export { fileStorage } from './node/file-storage.ts';
