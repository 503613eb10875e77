import t from 'tap';
import { runCommand } from '../../../src/commands/run.ts';

async function run(...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await runCommand(argv, {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    stop: AbortSignal.abort(),
  });
  return { code, ...said };
}

t.test('a word that is no command is told so, whatever an object would make of it', async (t) => {
  for (const word of ['sevre', 'toString', 'constructor', '__proto__']) {
    t.strictSame(await run(word), {
      code: 2,
      out: '',
      err: `there is no command "${word}": see wechat-token-proxy --help\n`,
    });
  }
});
