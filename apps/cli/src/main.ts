#!/usr/bin/env node
/** @file The executable: hands the process's streams to the program and exits with its code. */
import { keepCompiledCode } from './platform/compiled-code.ts';

keepCompiledCode();
const { runProgram } = await import('./program.ts');

const aborter = new AbortController();
process.once('SIGINT', () => aborter.abort());
process.once('SIGTERM', () => aborter.abort());
// The write that fails is told to its caller; without a listener the process would end with a stack trace.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const exitCode = await runProgram(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    // A script of a package manager runs in the package's directory and says here where the user was.
    workingDirectory:
      process.env['npm_lifecycle_event'] === 'zkvault'
        ? (process.env['INIT_CWD'] ?? process.cwd())
        : process.cwd(),
  },
  aborter.signal,
);
// Connections kept open for a next request, and a terminal's input, would hold the process back.
process.exit(exitCode);
