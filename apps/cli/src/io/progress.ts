/** @file Shows on standard error how far a long command is: one line that changes on a terminal, else a few lines. */
import type { Output } from './output.ts';
import type { Terminal } from './terminal.ts';

/** The progress of one command. */
export interface Progress {
  show(done: number, total: number): void;
  /** Ends the line. @returns how far it came. */
  end(): { readonly saved: number };
}

const BAR_WIDTH = 24;

/** Makes a progress line; silent with `--quiet` and `--json`. */
export function makeProgress({ stderr }: Terminal, output: Output, label: string): Progress {
  const isSilent = output.isJson || output.isQuiet;
  let saved = 0;
  let isShown = false;
  return {
    show(done, total) {
      saved = done;
      if (isSilent) return;
      if (stderr.isTTY !== true) {
        if (done > 0) stderr.write(`${done} of ${total} ${label}\n`);
        return;
      }
      const filled = total === 0 ? BAR_WIDTH : Math.round((done / total) * BAR_WIDTH);
      stderr.write(
        `\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  ${done} of ${total} ${label}`,
      );
      isShown = true;
    },
    end() {
      if (isShown) stderr.write('\r\u001b[K');
      isShown = false;
      return { saved };
    },
  };
}
