// Writes the rows and the figures last measured into docs/reliability.md. `npm run docs:reliability`.
import { readFileSync, writeFileSync } from 'node:fs';
import { measured, withRows } from './reliability-table.ts';

const page = new URL('../docs/reliability.md', import.meta.url);
writeFileSync(page, withRows(readFileSync(page, 'utf8'), measured()));
