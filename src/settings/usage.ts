/** The settings as people read them: in `--help` and in the README. */
import { forms } from './names.ts';
import type { Setting } from './setting.ts';
import { rows, type SettingName } from './table.ts';

const WIDTH = 100;
const FLAG_WIDTH = 40;
const INDENT = ' '.repeat(6);

/** The settings in `--help`, at most 100 columns wide. */
export function settingsUsage(): string {
  return [
    'Settings: the flag beats the variable, which beats the file that --config names. In that file',
    'a setting is called as its flag, without the dashes. Durations: 500ms, 30s, 5m, 1h; sizes:',
    '12MiB. Secrets have no flag, but a file: its content is read again when it changes.',
    '',
    ...rows.flatMap(([name, row]) => [...headLines(name, row), ...helpLines(row), '']),
  ].join('\n');
}

/** The README's table of settings. */
export function settingsMarkdown(): string {
  const lines = rows.map(([name, row]) => {
    const given = formsOf(name);
    const cells = [
      given.map((form) => code(form.env)).join(', '),
      given.flatMap((form) => (form.flag === undefined ? [] : [code(form.flag)])).join(', '),
      row.default === undefined ? (row.unset ?? '–') : code(row.default),
      `${row.kind.choices === undefined ? '' : `${eitherOf(row.kind.choices)}: `}${row.help}`,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| variable | flag | default | |', '|---|---|---|---|', ...lines].join('\n');
}

/** Every way to give the setting, flag and variable side by side. */
function headLines(name: SettingName, row: Setting): string[] {
  return formsOf(name).map((form) => {
    const label = form.isFile ? '<file>' : row.kind.label;
    const flag = form.flag === undefined ? '' : `${form.flag} ${label}`;
    return `  ${flag.padEnd(FLAG_WIDTH)}  ${form.env}`;
  });
}

function helpLines(row: Setting): string[] {
  const standard = row.default ?? row.unset;
  const suffix = standard === undefined ? '' : ` [${standard}]`;
  return wrap(row.help.replaceAll('`', '') + suffix);
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= WIDTH) lines.push(INDENT + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function formsOf(name: SettingName) {
  return forms.filter((form) => form.setting === name);
}

function eitherOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).map(code).join(', ')} or ${code(choices.at(-1) ?? '')}`;
}

function code(text: string): string {
  return `\`${text}\``;
}
