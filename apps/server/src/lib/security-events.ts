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
    | 'delete-account';
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
  readonly action: 'invite' | 'change-user' | 'delete-user' | 'change-settings' | 'grant-admin';
  /** Undefined if whoever runs the server did it. */
  readonly actorId?: string;
  readonly subjectId?: string;
  readonly role?: string;
  readonly isActive?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Writes security events. No token, key or whole login ever goes in. */
export interface SecurityEvents {
  authentication(event: AuthenticationEvent): void;
  administration(event: AdministrationEvent): void;
  securityViolation(what: string, fields: Readonly<Record<string, string>>): void;
}

/** Makes the writer of security events. */
export function makeSecurityEvents(sink: EventSink): SecurityEvents {
  return {
    authentication({ action, outcome, login, userId, reason, addressPrefix }) {
      sink.info(
        {
          event: 'authentication_event',
          action,
          outcome,
          login: maskLogin(login),
          ...(userId === undefined ? {} : { user_id: userId }),
          ...(reason === undefined ? {} : { reason }),
          address_prefix: addressPrefix,
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
      sink.warn({ event: 'security_violation', what, ...fields }, what);
    },
  };
}
