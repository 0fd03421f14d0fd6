/** @file What runs in browsers and workers only: a storage in IndexedDB. */
import type { Storage } from './storage.ts';

const STORE = 'values';

/**
 * Keeps things in one IndexedDB database. Every page of the origin can read it, so an origin should
 * serve nothing but the vault.
 *
 * @param name of the database; two clients with one name share sessions and pins.
 */
export function indexedDbStorage(name = 'zkvault'): Storage {
  let opening: Promise<IDBDatabase> | undefined;

  async function run<Value>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<Value>,
  ): Promise<Value> {
    opening ??= openDatabase(name, () => {
      opening = undefined;
    });
    const transaction = (await opening).transaction(STORE, mode, { durability: 'strict' });
    const request = ask(transaction.objectStore(STORE));
    // Not the request's success: only a completed transaction is on the disk.
    return new Promise((resolve, reject) => {
      transaction.addEventListener('complete', () => resolve(request.result));
      transaction.addEventListener('abort', () => reject(reasonOf(transaction.error)));
    });
  }

  return {
    async get(key) {
      const value = await run<unknown>('readonly', (store) => store.get(key));
      return value instanceof Uint8Array ? value : undefined;
    },
    async set(key, value) {
      await run('readwrite', (store) => store.put(value.slice(), key));
    },
    async delete(key) {
      await run('readwrite', (store) => store.delete(key));
    },
    exclusively: (key, work) => navigator.locks.request(`zkvault.${name}.${key}`, work),
  };
}

/** @param onLost called when the connection is of no use any more: the next call opens another. */
function openDatabase(name: string, onLost: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE));
    request.addEventListener('error', () => {
      onLost();
      reject(reasonOf(request.error));
    });
    request.addEventListener('success', () => {
      const database = request.result;
      database.addEventListener('close', onLost);
      // Another tab wishes to upgrade or delete it: let go, so that it is not blocked.
      database.addEventListener('versionchange', () => {
        database.close();
        onLost();
      });
      resolve(database);
    });
  });
}

function reasonOf(error: DOMException | null): Error {
  return error ?? new Error('the browser gives no reason');
}
