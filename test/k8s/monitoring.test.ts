import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import t from 'tap';
import { only } from '../helpers/kubernetes-objects.ts';
import type { RuleGroups } from '../helpers/alerts.ts';
import { k8s, requireKustomize } from '../helpers/kustomize.ts';

const docs = readFileSync(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8');

t.test('the runbook’s address is put in front of every link, as the docs say', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const [, overlay] = /```yaml\n(resources:\n {2}- …\/k8s\/monitoring\n[^`]*)```/.exec(docs) ?? [];
  const folder = t.testdirName;
  t.testdir({
    'kustomization.yaml': String(overlay).replace(
      '…/k8s/monitoring',
      relative(folder, k8s('monitoring')),
    ),
  });
  const objects = await kustomize(folder);
  const { groups } = only(objects, 'PrometheusRule').spec as RuleGroups;
  const rules = groups.flatMap((group) => group.rules);
  t.ok(rules.length >= 10);
  for (const { alert, annotations } of rules) {
    t.equal(
      annotations['runbook_url'],
      `https://git.example.com/wechat-token-proxy/blob/v0.1.0/docs/runbook.md#${alert.toLowerCase()}`,
    );
  }
  t.strictSame(
    objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name),
    ['wechat-token-proxy-dashboard'],
    'and the address itself is not sent to the cluster',
  );
});
