// Writes into README.md what is known in the code: the tables of settings and metrics. `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withMetrics } from './readme-metrics.ts';
import { withSettings } from './readme-settings.ts';

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, await withMetrics(withSettings(readFileSync(readme, 'utf8'))));
