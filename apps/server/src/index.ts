/** The server as a library: for tests end to end, benchmarks, and whoever embeds it. */
export { type AppDeps, type AppSettings, buildApp } from './app.ts';
export { type Config, loadConfig } from './config.ts';
export { ConfigError, type Environment } from './lib/environment.ts';
export { serverVersion } from './lib/server-version.ts';
export { type RunningServer, type ServerOverrides, startServer } from './start-server.ts';
