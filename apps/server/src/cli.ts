#!/usr/bin/env node
/** @file The executable `zkvault-server`: hands the process's streams to the command line and exits with its code. */
import { runCommandLine } from './command-line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
