import type { Scene } from '../scene.ts';

/** What is shown of a page of some hundred lines: series that are not zero. */
const SHOWN =
  /^wxproxy_(?:requests|token_refreshes|token_rejections|replays|requests_refused)_total\{/;

export async function metrics(scene: Scene): Promise<void> {
  const { tell, stage } = scene;
  tell.step('What Prometheus sees');
  tell.show('Prometheus', `GET ${stage.admin}/metrics`);
  const page = await (await fetch(`${stage.admin}/metrics`)).text();
  const lines = page.split('\n');
  for (const line of lines) if (SHOWN.test(line) && !line.endsWith(' 0')) tell.show('', line);
  const { tokenCalls, rejectedCalls } = stage.simulator.counts;
  const total = (name: string, ...labels: readonly string[]): number =>
    lines
      .filter((line) => line.startsWith(`wxproxy_${name}{`))
      .filter((line) => labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  tell.holds(
    `its numbers are those that WeChat counted: ${tokenCalls} token calls, ${rejectedCalls} rejections, as many good replays`,
    total('token_refreshes_total') === tokenCalls &&
      total('token_refreshes_total', 'outcome="failed"') === 0 &&
      total('token_rejections_total') === rejectedCalls &&
      total('replays_total', 'outcome="ok"') === rejectedCalls,
  );
  tell.holds('there is no token in it', !scene.holdsToken(page));
}
