/** @file The Emergency Kit: what a person needs on paper to get in on a new device. */

/** What the kit says. */
export interface EmergencyKit {
  readonly login: string;
  readonly baseUrl: string;
  readonly realm: string;
  /** `ZK1-…` */
  readonly secretKey: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/**
 * Writes the kit as plain text, to be printed. It holds the Secret Key: never log or send it.
 *
 * @returns lines of at most 80 characters, but for a long login or server name.
 */
export function emergencyKitText(kit: EmergencyKit): string {
  return [
    'ZKVAULT EMERGENCY KIT',
    '',
    `Made on     ${new Date(kit.atMs).toISOString().slice(0, 10)}`,
    `Server      ${kit.baseUrl}`,
    `Realm       ${kit.realm}`,
    `Login       ${kit.login}`,
    'Secret Key',
    `  ${kit.secretKey}`,
    '',
    'Password    ______________________________________________',
    '',
    'What this is for',
    '- A new device needs the login, the password and the Secret Key.',
    '- The server knows neither password nor Secret Key. Nobody can reset them:',
    '  whoever loses them loses the data.',
    '',
    'What to do',
    '1. Print this page or copy it by hand. Do not mail or photograph it.',
    '2. Write the password on it only if the place you keep it in is safe.',
    '3. Keep it where you keep your passport, and a second copy elsewhere.',
    '4. Delete this file.',
    '',
  ].join('\n');
}
