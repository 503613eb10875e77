// Keeps a run's figures, and renders docs/performance.md from them: `node bench/publish.ts [FILE [ELSEWHERE]]`.
// ELSEWHERE is a run on another machine, kept until another is given; what it reached is shown as well.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from './page.ts';
import type { Results } from './results.ts';

const folder = join(import.meta.dirname, 'results');
const kept = join(folder, 'elsewhere.json');

const [file = join(folder, 'latest.json'), elsewhere] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
if (elsewhere !== undefined) writeFileSync(kept, readFileSync(elsewhere));
writeFileSync(join(folder, 'published.json'), text);
const there = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Results) : undefined;
writeFileSync(
  join(import.meta.dirname, '../docs/performance.md'),
  page(JSON.parse(text) as Results, there),
);
