import { relative } from 'node:path';
import t, { type Test } from 'tap';
import { blocksOf, page } from '../helpers/doc-pages.ts';
import {
  only,
  podTemplate,
  proxyContainer,
  type KubernetesObject,
} from '../helpers/kubernetes-objects.ts';
import { schemaFaults } from '../helpers/kubernetes-schema.ts';
import { k8s, requireKustomize, type Kustomize } from '../helpers/kustomize.ts';
import { settingsOf } from '../helpers/pod-settings.ts';

const snippets = blocksOf(page('docs/kubernetes.md')).filter(({ language }) => language === 'yaml');

/** The runbook's address has a test of its own: monitoring.test.ts. */
const toBuild = snippets.filter(({ text }) => !text.includes('…/k8s/monitoring'));
const wasBuilt = new Set<string>();

/** The kustomization that the page shows, built with what a user brings to it. */
async function built(
  t: Test,
  kustomize: Kustomize,
  has: string,
  brought: Readonly<Record<string, string>> = {},
): Promise<readonly KubernetesObject[]> {
  const found = toBuild.filter(({ text }) => text.includes(has));
  t.equal(found.length, 1, `the page shows ${has} once`);
  const folder = t.testdirName;
  const { resources = '', ...files } = brought;
  const text = resources + (found[0]?.text ?? '');
  t.testdir({
    'kustomization.yaml': text.replaceAll(/…\/k8s\/([\w/-]+)/g, (_, name: string) => {
      return relative(folder, k8s(name));
    }),
    ...files,
  });
  const objects = await kustomize(folder);
  wasBuilt.add(found[0]?.text ?? '');
  for (const object of objects) t.strictSame(await schemaFaults(object), [], object.kind);
  return objects;
}

t.test('the sidecar, as the page shows it', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const objects = await built(t, kustomize, '…/k8s/sidecar\n', {
    resources: 'resources: [app.yaml]\n',
    'app.yaml': JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop' },
      spec: {
        selector: { matchLabels: { app: 'shop' } },
        template: {
          metadata: { labels: { app: 'shop' } },
          spec: { containers: [{ name: 'shop', image: 'shop' }] },
        },
      },
    }),
  });
  const proxy = proxyContainer(podTemplate(only(objects, 'Deployment', 'shop')));
  t.match(proxy.image, /^registry\.example\.com\/wechat-token-proxy:/);
  const secrets = t.testdir({ appsecret: 'made-up\n' });
  t.match(settingsOf(proxy, { objects, secrets }), { listen: { port: 9465 } });
});

t.test('the central server, as the page shows it', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const objects = await built(t, kustomize, '…/k8s/central/base ');
  const deployment = only(objects, 'Deployment', 'wechat-token-proxy');
  t.match(deployment.metadata, { namespace: 'wechat' });
  const secrets = t.testdir({ appsecret: 'made-up\n', 'client-key': 'made-up-too\n' });
  const given = { POD_NAMESPACE: 'wechat' };
  const proxy = proxyContainer(podTemplate(deployment));
  t.match(settingsOf(proxy, { objects, secrets, given }), { tokenEndpoints: 'issue' });
});

t.test('the patch for another DNS address, as the page shows it', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const resources = 'resources: […/k8s/central/base]\n';
  const objects = await built(t, kustomize, 'kind: NetworkPolicy\n', { resources });
  const [, cidr = 'it is gone'] =
    /cidr: (\S+)/.exec(snippets.find(({ text }) => text.includes('cidr:'))?.text ?? '') ?? [];
  t.match(JSON.stringify(only(objects, 'NetworkPolicy').spec), `"cidr":"${cidr}"`);
});

t.test('there is no other snippet on the page', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  t.strictSame(
    toBuild.filter(({ text }) => !wasBuilt.has(text)),
    [],
  );
});
