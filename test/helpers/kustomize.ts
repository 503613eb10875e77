/** What `kubectl apply -k` would send: the manifests under k8s/, built by a real kustomize. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from './kubernetes-objects.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Debian 12's own kubectl (1.20) has a kustomize without components: too old. */
const missing =
  'there is no kustomize: install kubectl 1.27 or newer, or kustomize 5, as https://kubernetes.io/docs/tasks/tools/ says';

/** Builds a folder of kustomize, by its absolute path. */
export type Kustomize = (folder: string) => Promise<readonly KubernetesObject[]>;

/**
 * kubectl's kustomize or kustomize itself. Where there is neither, the test is reported as skipped
 * (failed with `CI=true`) and gets undefined: return then.
 */
export async function requireKustomize(
  t: Pick<Test, 'fail' | 'pass'>,
): Promise<Kustomize | undefined> {
  for (const [program, check, build] of [
    ['kubectl', ['version', '--client'], 'kustomize'],
    ['kustomize', ['version'], 'build'],
  ] as const) {
    const isThere = await run(program, check).then(
      () => true,
      () => false,
    );
    if (isThere) return (folder) => objectsOf(run(program, [build, folder]));
  }
  if (process.env['CI'] === 'true') t.fail(missing);
  else t.pass('kustomize', { skip: missing });
  return undefined;
}

/** The folders under k8s/ that hold a kustomization of this kind, relative to it, in order. */
export function kustomizations(
  kind: 'Kustomization' | 'Component',
  parse: (path: string) => unknown,
) {
  return globSync('**/kustomization.yaml', { cwd: join(root, 'k8s') })
    .filter((path) => (parse(join(root, 'k8s', path)) as { kind: string }).kind === kind)
    .map((path) => dirname(path))
    .toSorted();
}

/** The absolute path of a folder under k8s/. */
export function k8s(folder: string): string {
  return join(root, 'k8s', folder);
}

async function objectsOf(
  output: Promise<{ readonly stdout: string }>,
): Promise<readonly KubernetesObject[]> {
  const { stdout } = await output;
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}
