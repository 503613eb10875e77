/** What the Grafana dashboard asks Prometheus. */
import { readFileSync } from 'node:fs';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** Every expression, with Grafana's variables as they are when all is selected. */
export function dashboardQueries(): readonly { readonly panel: string; readonly expr: string }[] {
  const path = new URL('../../k8s/monitoring/dashboard.json', import.meta.url);
  const { panels } = JSON.parse(readFileSync(path, 'utf8')) as Dashboard;
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      panel: title,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:namespace|appid)\b/g, '.*'),
    })),
  );
}
