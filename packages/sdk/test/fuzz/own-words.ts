/** @file What the oracle of the fuzzer judges otherwise than by the one honest result, each by its name and with its reason. */

/**
 * Places of answers whose value a client shows as the server's word, and why nothing more can be asked.
 * They are changed like all others: the call must give some well-formed word, or fail, and every invariant holds.
 */
export const serversOwnWords: Readonly<Record<string, string>> = {
  'login/lastSecurityViolationAt': 'a warning by the server about its own sessions; nothing rests on it',
  'getOwnUser/login': 'shown as what the server has; the SDK itself uses the login of the account state',
  'getOwnUser/email': 'data of the server, for its messages; no protocol object has it',
  'getOwnUser/fullName': 'data of the server, for its messages; no protocol object has it',
  'getOwnUser/role': 'what the server allows; the server decides about that anyway',
  'getOwnUser/createdAt': 'the server’s own date',
  'updateOwnUser/login': 'as getOwnUser',
  'updateOwnUser/email': 'as getOwnUser',
  'updateOwnUser/fullName': 'as getOwnUser',
  'updateOwnUser/role': 'as getOwnUser',
  'updateOwnUser/createdAt': 'as getOwnUser',
  'verifySecondFactor/recoveryCodes': 'the server’s own codes, as the secret of its second factor',
  'verifySecondFactor/recoveryCodes/*': 'as all of its codes',
  'renewRecoveryCodes/recoveryCodes': 'as verifySecondFactor',
  'renewRecoveryCodes/recoveryCodes/*': 'as verifySecondFactor',
  ...Object.fromEntries(
    ['createApiKey', 'rotateApiKey'].flatMap((operation) =>
      ['name', 'rateLimit', 'createdAt', 'expiresAt', 'lastUsedAt', 'replacedBy'].map((name) => [
        `${operation}/${name}`,
        'what the server allows the key and when; what it opens is sealed in its grant',
      ]),
    ),
  ),
  'getRecovery/recovery':
    'whether the server keeps the key is what is asked of it; that there is one is sealed',
  'getRecovery (whole)': 'as its only member: an earlier answer is another word of the server',
  'getRecovery/recovery/id': 'as above: another id is a key that the server does not keep',
};

/** Operations whose whole answer is shown as the server's words; nothing else comes of it. */
export const serversOwnAnswers: Readonly<Record<string, string>> = {
  listSessions: 'who uses which session only the server sees; no key and no check depends on it',
  listSecurityEvents: 'the log is the server’s; it is shown, and nothing rests on it',
  listAuditEvents: 'as listSecurityEvents',
  listUsers: 'accounts of others are known from the server alone; nothing is sealed for them',
  updateUser: 'as listUsers',
  createInvitation: 'the server makes invitations and redeems them; none opens a vault',
  listInvitations: 'as createInvitation',
  getStats: 'counts by the server, for its administrators',
  getServerSettings: 'what the server does it decides; a client enforces its own password policy',
  updateServerSettings: 'as getServerSettings',
  setUpSecondFactor:
    'the server’s own secret, another each time: a second factor is access control by the server',
  listApiKeys: 'which keys the server honours it decides; what a key opens is sealed in its grant',
};

/** Routes that no session of the fuzzer calls, and where each is lied about. */
export const fuzzedElsewhere: Readonly<Record<string, string>> = {
  streamEvents: 'fuzz/stream.test.ts: a stream does not end, so no step can be done when it is',
};

/** Lies that nobody can tell from the truth, by place and operator, and why. What is shown must have been true once. */
export const indistinguishable: Readonly<Record<string, string>> = {
  'getChanges (whole)/repeat an answer':
    'C11 freeze, C9 rollback: a device is kept at what it has verified, or one without memory at what was true once; both are marked so',
};

/** Lies that leave out what a server need not keep, and why. What is shown must be part of the truth, in its order. */
export const leftOut: Readonly<Record<string, string>> = {
  'listEntryVersions/items/drop an element':
    'how many earlier versions are kept is the server’s affair; each that is shown was sealed',
  'listEntryVersions/items/*/remove': 'as above',
};
