/** The door of `@zkvault/sdk/testing`: what an application needs to attack itself. Not for production. */

export { type BrokenAnswer, brokenAnswers } from './testing/broken-answers.ts';
export type { Answer, Exchange, Lie } from './testing/exchange.ts';
export { type FakeClock, makeFakeClock } from './testing/fake-clock.ts';
export {
  type HostileServer,
  type HostileServerOptions,
  makeHostileServer,
} from './testing/hostile-server.ts';
export { type InsecureKdf, makeInsecureKdf } from './testing/insecure-kdf.ts';
export { type InspectableStorage, inspectableStorage } from './testing/inspectable-storage.ts';
export { type JsonMutation, type MutationContext, mutationsOf } from './testing/json-mutations.ts';
export { findLeaks, spellingsOf } from './testing/leaks.ts';
