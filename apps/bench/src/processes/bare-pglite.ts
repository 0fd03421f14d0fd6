/** @file Opens the embedded database of the folder in its first argument, asks it one thing, and no more. */
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

const pglite = await PGlite.create({ dataDir: join(process.argv[2]!, 'pglite') });
await pglite.query('select 1');
process.send?.({ url: 'none' });
process.on('SIGTERM', () => void pglite.close().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
