// Writes into README.md what is known in the code: the table of settings. `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withSettings } from './readme-settings.ts';

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, withSettings(readFileSync(readme, 'utf8')));
