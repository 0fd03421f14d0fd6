/** @file One line of doctor's checklist. */

/** What was found, and how bad it is. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'bad';
  /** What was found, and what to do. Never a secret. */
  readonly message: string;
}

/** Makes a line. */
export function finding(check: string, status: Finding['status'], message: string): Finding {
  return { check, status, message };
}
