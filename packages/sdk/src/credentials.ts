/** @file What a login takes and tells. */

/** Who logs in. */
export interface Credentials {
  readonly login: string;
  readonly password: string;
  /** Text form, `ZK1-…`; the one kept in storage for this login if left out. Always mixed in when there is one. */
  readonly secretKey?: string;
  /** For an account that asks for one: log in without, and with it after a SecondFactorRequiredError. */
  readonly secondFactor?: OfferedSecondFactor;
}

/** A one-time password of six digits, or one of the recovery codes. Each is right once. */
export type OfferedSecondFactor = { readonly totp: string } | { readonly recoveryCode: string };

/** What a login tells its owner. */
export interface LoginReport {
  /**
   * When somebody used a refresh token of the account that had been used before, if that was since the last
   * login: a copy of a session may have been stolen. That session has ended. RFC 3339, UTC.
   */
  readonly lastSecurityViolationAt: string | null;
}
