/**
 * @file Compiles each schema of the contract when the first request needs it, by the compilers that Fastify itself
 * uses. There are hundreds, and compiling them all was a third of the time of a start.
 */
import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler';
import { type SerializerFactory, SerializerSelector } from '@fastify/fast-json-stringify-compiler';

/** For `schemaController` of Fastify. */
export function makeCompilersWhenUsed(): {
  readonly compilersFactory: {
    readonly buildValidator: BuildCompilerFromPool;
    readonly buildSerializer: SerializerFactory;
  };
} {
  return {
    compilersFactory: {
      buildValidator: validatorsWhenUsed(AjvCompiler()),
      buildSerializer: serializersWhenUsed(SerializerSelector()),
    },
  };
}

function validatorsWhenUsed(build: BuildCompilerFromPool): BuildCompilerFromPool {
  return (externalSchemas, options) => {
    const compile = build(externalSchemas, options);
    return (schema) => {
      let validate: ReturnType<typeof compile> | undefined;
      const whenUsed = (value: unknown): unknown => {
        validate ??= compile(schema);
        const isValid = validate(value);
        // Where Fastify looks for them.
        whenUsed.errors = validate.errors;
        return isValid;
      };
      whenUsed.errors = undefined as ReturnType<typeof compile>['errors'];
      return whenUsed as ReturnType<typeof compile>;
    };
  };
}

function serializersWhenUsed(build: SerializerFactory): SerializerFactory {
  return (externalSchemas, options) => {
    const compile = build(externalSchemas, options);
    return (route) => {
      let serialize: ReturnType<typeof compile> | undefined;
      return (value) => {
        serialize ??= compile(route);
        return serialize(value);
      };
    };
  };
}
