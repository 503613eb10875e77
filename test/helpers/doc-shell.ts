/** As much of a shell as the docs use: variables, quotes, comments, `&&`, `|`, continued lines. */

export interface ShellCommand {
  /** Set before it, for it alone or by `export`. */
  readonly env: Readonly<Record<string, string>>;
  /** Without quotes. */
  readonly words: readonly string[];
}

const WORD = /(?:'[^']*'|"[^"]*"|[^\s'"|;&]|&(?!&))+|&&|\||;/g;
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;

/** The commands of a block in their order; `export`s hold for all that come after. */
export function shellCommands(text: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  const exported: Record<string, string> = {};
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    for (const all of split(withoutComment(line).match(WORD) ?? [])) {
      const env: Record<string, string> = { ...exported };
      const words = [...all];
      const isExport = words[0] === 'export';
      if (isExport) words.shift();
      while (words[0] !== undefined && ASSIGNMENT.test(words[0])) {
        const [, name = '', value = ''] = ASSIGNMENT.exec(words.shift() as string) ?? [];
        env[name] = unquoted(value);
      }
      if (isExport) Object.assign(exported, env);
      commands.push({ env, words: isExport ? ['export'] : words.map(unquoted) });
    }
  }
  return commands;
}

function split(words: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (['&&', '|', ';'].includes(word)) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((command) => command.length > 0);
}

/** A `#` begins a comment at the beginning of a word, outside of quotes. */
function withoutComment(line: string): string {
  return line.replace(/^((?:'[^']*'|"[^"]*"|[^'"#]|(?<=\S)#)*)(?:(?<=^|\s)#.*)$/, '$1');
}

function unquoted(word: string): string {
  return word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => {
    return single ?? double ?? '';
  });
}
