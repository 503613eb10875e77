import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { podTemplate, type KubernetesObject } from '../helpers/kubernetes-objects.ts';
import { schemaFaults } from '../helpers/kubernetes-schema.ts';
import { k8s, kustomizations, requireKustomize } from '../helpers/kustomize.ts';

const readYaml = (path: string): unknown => parse(readFileSync(path, 'utf8'));

t.test('the check finds a field that Kubernetes does not have, or of another type', async (t) => {
  const container = { name: 'x', imagee: 'y', ports: [{ containerPort: '80' }] };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', labels: { any: 'label' } },
    spec: { containers: [container] },
  };
  t.strictSame(await schemaFaults(pod), [
    'data/spec/containers/0/ports/0/containerPort must be integer',
    '/spec/containers/0/imagee: no such field',
  ]);
});

t.test('every kustomization builds, into objects that are valid to the letter', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const folders = kustomizations('Kustomization', readYaml);
  t.strictSame(folders, ['central/base', 'central/redis', 'example', 'monitoring']);
  for (const folder of folders) {
    const objects = await kustomize(k8s(folder));
    t.ok(objects.length >= 2, `${folder}: ${objects.length} objects`);
    for (const object of objects) {
      const { kind, metadata } = object;
      t.strictSame(await schemaFaults(object), [], `${folder}: ${kind} ${metadata.name}`);
      if (kind === 'Deployment') checkRestricted(t, object);
    }
  }
});

/**
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, a root file
 * system that cannot be written, and a bound on memory.
 */
function checkRestricted(t: Test, object: KubernetesObject): void {
  const { spec } = podTemplate(object);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const { name, resources, securityContext } = container;
    t.match(
      { ...spec.securityContext, ...securityContext },
      {
        runAsNonRoot: true,
        runAsUser: Number,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      `${object.metadata.name}: ${name} is restricted`,
    );
    t.ok(resources?.limits?.['memory'], `${object.metadata.name}: ${name} has a memory limit`);
  }
}
