// Keeps a run's figures, and renders docs/performance.md from them: `node bench/publish.ts [FILE]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from './page.ts';
import type { Results } from './results.ts';

const [file = join(import.meta.dirname, 'results/latest.json')] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
writeFileSync(join(import.meta.dirname, 'results/published.json'), text);
writeFileSync(
  join(import.meta.dirname, '../docs/performance.md'),
  page(JSON.parse(text) as Results),
);
