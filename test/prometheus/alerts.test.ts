import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { alerts, promtoolTests, ruleGroups } from '../helpers/alerts.ts';
import { requireProgram } from '../helpers/programs.ts';
import { serviceAlertCases } from './service-alert-cases.ts';
import { tokenAlertCases } from './token-alert-cases.ts';

const alertCases = [...tokenAlertCases, ...serviceAlertCases];

t.test('promtool has no word against the rules', async (t) => {
  const promtool = requireProgram(t, 'promtool');
  if (promtool === undefined) return;
  const folder = t.testdir({ 'rules.yaml': JSON.stringify(ruleGroups()) });
  const { status, stdout, stderr } = run(promtool, ['check', 'rules', `${folder}/rules.yaml`]);
  t.equal(status, 0, stderr);
  t.match(stdout, `SUCCESS: ${alerts().length} rules found`);
});

t.test('every alert fires when it should, and is quiet when it should', async (t) => {
  const promtool = requireProgram(t, 'promtool');
  if (promtool === undefined) return;
  for (const { alert } of alerts()) {
    const cases = alertCases.filter((candidate) => candidate.alert === alert);
    t.ok(
      cases.some(({ fires }) => fires.length > 0),
      `there is a case where ${alert} fires`,
    );
    t.ok(
      cases.some(({ fires }) => fires.length === 0),
      `there is a case where ${alert} is quiet`,
    );
  }
  const folder = t.testdir({
    'rules.yaml': JSON.stringify(withoutAnnotations()),
    'tests.yaml': JSON.stringify(promtoolTests('rules.yaml', alertCases)),
  });
  const { status, stdout, stderr } = run(promtool, ['test', 'rules', `${folder}/tests.yaml`]);
  t.equal(status, 0, stdout + stderr);
});

t.test('every alert says how bad it is, and its paragraph in the runbook is there', (t) => {
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const headings = [...runbook.matchAll(/^## (Wxproxy\w+)$/gm)].map(([, name]) => name);
  t.strictSame(
    headings,
    alerts().map(({ alert }) => alert),
    'in the order of the rules',
  );
  for (const { alert, labels, annotations } of alerts()) {
    t.match(labels['severity'], /^(?:warning|critical)$/, alert);
    t.ok(annotations['summary'] && annotations['description'], alert);
    t.equal(annotations['runbook_url']?.split('docs/runbook.md')[1], `#${alert.toLowerCase()}`);
  }
  t.end();
});

t.test('a refusal is not put down to WeChat where a token peer may be who refuses', (t) => {
  const refused = alerts().find(({ alert }) => alert === 'WxproxyCredentialsRefused');
  t.notMatch(refused?.annotations['summary'], /WeChat/);
  t.match(refused?.annotations['description'], /By WeChat: .* By the token peer, /);
  t.end();
});

function withoutAnnotations() {
  return {
    groups: ruleGroups().groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, annotations: {} })),
    })),
  };
}

function run(program: string, argv: readonly string[]) {
  return spawnSync(program, argv, { encoding: 'utf8', timeout: 30_000 });
}
