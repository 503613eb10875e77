/** The pages that users and contributors read, taken apart. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './process.ts';

export interface DocPage {
  /** From the root: `docs/sdks.md`. */
  readonly path: string;
  readonly text: string;
}

/** What stands between two fences. */
export interface DocBlock {
  readonly page: string;
  /** Of its first fence. */
  readonly line: number;
  /** The heading above it, without its marks. */
  readonly heading: string;
  /** As the fence names it; empty where it names none. */
  readonly language: string;
  readonly text: string;
}

export const pages: readonly DocPage[] = globSync('{*.md,docs/*.md}', { cwd: ROOT })
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

export function page(path: string): DocPage {
  const found = pages.find((candidate) => candidate.path === path);
  if (found === undefined) throw new Error(`there is no page ${path}`);
  return found;
}

/** @throws where a block has no end */
export function blocksOf({ path, text }: DocPage): readonly DocBlock[] {
  const blocks: DocBlock[] = [];
  let heading = '';
  let open:
    { readonly line: number; readonly language: string; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (open === undefined) {
      const fence = /^```(\S*)$/.exec(line);
      if (fence !== null) open = { line: index + 1, language: fence[1] ?? '', lines: [] };
      else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    } else if (line === '```') {
      const { line: at, language, lines } = open;
      blocks.push({ page: path, line: at, heading, language, text: `${lines.join('\n')}\n` });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block has no end`);
  return blocks;
}

/** The page without its blocks. */
export function proseOf({ text }: DocPage): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** Whole commands between backticks; those of which a page shows only the beginning are not among them. */
export function inlineCommandsOf(of: DocPage): readonly string[] {
  return [...proseOf(of).matchAll(/`([^`]+)`/g)]
    .map(([, text = '']) => text.replaceAll(/\s+/g, ' '))
    .filter((text) =>
      /^(?:[A-Z_]+=\S+ )*(?:npm (?:run|start|test)|node|wechat-token-proxy)(?: |$)/.test(text),
    );
}

/** The fragments that lead to the page's headings, as GitHub names them. */
export function anchorsOf(of: DocPage): readonly string[] {
  return [...proseOf(of).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Where its links lead to within the project. */
export function linksOf(
  of: DocPage,
): readonly { readonly file: string; readonly anchor: string }[] {
  return [...proseOf(of).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = target.split('#');
      return { file: file === '' ? of.path : join(of.path, '..', file), anchor };
    });
}
