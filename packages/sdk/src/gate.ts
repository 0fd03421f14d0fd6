/**
 * @file The gate that an integrity failure shuts: behind it nothing is shown and nothing sent, until
 * the user acts (docs/protocol.md sections 6 and 12).
 */

/** Open until the first failure. */
export interface Gate {
  /** @throws the failure that shut it. */
  assertOpen(): void;
  /** Shuts the gate. */
  shut(error: Error): void;
  /** Opens it again, when the user said so. */
  reopen(): void;
}

/** Makes an open gate. @param onShut forgets what was shown. */
export function makeGate(onShut: () => void): Gate {
  let failure: Error | undefined;

  return {
    assertOpen() {
      if (failure !== undefined) throw failure;
    },
    shut(error) {
      failure ??= error;
      onShut();
    },
    reopen() {
      failure = undefined;
    },
  };
}
