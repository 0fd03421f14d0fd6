/** @file Where the processes that tests start keep their compiled code: most of their time is starting. */
import { resolve } from 'node:path';

/** For the environment of a child: `NODE_COMPILE_CACHE`. */
export const COMPILED_CODE = resolve(import.meta.dirname, '../node_modules/.cache/zkvault/compiled');
