/** @file What is logged about who came in, who was turned away and what looked like an attack. */
import { maskLogin } from './mask-login.ts';

/** The part of a logger that events need. */
export interface EventSink {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** An attempt to prove who one is. */
export interface AuthenticationEvent {
  readonly action:
    | 'second-factor-setup'
    | 'second-factor-verify'
    | 'second-factor-recovery-codes'
    | 'second-factor-disable'
    | 'register'
    | 'login'
    | 'rekey'
    | 'key-material'
    | 'rotate-keys'
    | 'recovery-enrol'
    | 'recovery-remove'
    | 'recover'
    | 'delete-account'
    | 'api-key-create'
    | 'api-key-rotate';
  readonly outcome: 'success' | 'failure';
  /** As it was sent; masked before it is written. */
  readonly login: string;
  readonly userId?: string;
  /** What the client is not told: `locked`, `inactive`, `wrong-key`, … */
  readonly reason?: string;
  readonly addressPrefix: string;
}

/** Something that was done to an account or to the server by somebody who may. */
export interface AdministrationEvent {
  readonly action:
    | 'invite'
    | 'revoke-invitation'
    | 'change-user'
    | 'delete-user'
    | 'change-settings'
    | 'grant-admin';
  /** Undefined if whoever runs the server did it. */
  readonly actorId?: string;
  readonly subjectId?: string;
  readonly role?: string;
  readonly isActive?: boolean;
  /** JSON of what was set. */
  readonly settings?: string;
}

/** Writes security events. No token, key or whole login ever goes in. */
export interface SecurityEvents {
  authentication(event: AuthenticationEvent): void;
  administration(event: AdministrationEvent): void;
  securityViolation(what: string, fields: Readonly<Record<string, string>>): void;
}

/** Counts events. No login, id or address reaches it. */
export interface EventMeter {
  authentication(action: AuthenticationEvent['action'], result: string): void;
  violation(what: string): void;
}

/** What else an event is good for, and what of it is not written. */
export interface EventOptions {
  /** Counts events as well. */
  readonly meter?: EventMeter;
  /** True leaves out where callers are. */
  readonly hidesAddresses?: boolean;
}

/** Makes the writer of security events. */
export function makeSecurityEvents(sink: EventSink, options: EventOptions = {}): SecurityEvents {
  const { meter, hidesAddresses = false } = options;
  return {
    authentication({ action, outcome, login, userId, reason, addressPrefix }) {
      meter?.authentication(action, reason ?? outcome);
      sink[outcome === 'success' ? 'info' : 'warn'](
        {
          event: 'authentication_event',
          action,
          outcome,
          login: maskLogin(login),
          ...(userId === undefined ? {} : { user_id: userId }),
          ...(reason === undefined ? {} : { reason }),
          ...(hidesAddresses ? {} : { address_prefix: addressPrefix }),
        },
        `${action} ${outcome}`,
      );
    },
    administration({ action, actorId, subjectId, role, isActive, settings }) {
      sink.info(
        {
          event: 'authorization_event',
          action,
          actor_id: actorId,
          subject_id: subjectId,
          role,
          is_active: isActive,
          settings,
        },
        action,
      );
    },
    securityViolation(what, fields) {
      meter?.violation(what);
      const { address_prefix: address, ...others } = fields;
      const where = hidesAddresses || address === undefined ? {} : { address_prefix: address };
      sink.warn({ event: 'security_violation', what, ...others, ...where }, what);
    },
  };
}
