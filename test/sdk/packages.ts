import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * A package of test/sdk/package.json, as published. Not by `import`: the types are checked where
 * these packages are not installed.
 */
export function load(name: string): unknown {
  return require(name);
}
