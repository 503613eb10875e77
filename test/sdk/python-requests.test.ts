import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { requireProgram } from '../helpers/programs.ts';
import { plainClient } from './plain.ts';
import { output } from './program.ts';
import { keepPromises } from './promises.ts';

const SCRIPT = fileURLToPath(new URL('python_requests.py', import.meta.url));

/** Debian's own Python, where Debian's own requests is: another one in PATH has other packages. */
async function pythonWithRequests(t: Test): Promise<string | undefined> {
  const { CI } = process.env;
  const python = requireProgram(t, 'python3', { PATH: '/usr/bin', ...(CI && { CI }) });
  if (python === undefined) return undefined;
  try {
    await output(python, ['-c', 'import requests']);
    return python;
  } catch {
    const missing = 'requests is not installed; on Debian: apt-get install python3-requests';
    if (CI === 'true') t.fail(missing);
    else t.pass('requests', { skip: missing });
    return undefined;
  }
}

/** Asks the script one thing after the other. */
function ask(python: string): (question: object) => Promise<Buffer> {
  const script = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => script.stdin.end());
  const lines = createInterface({ input: script.stdout })[Symbol.asyncIterator]();
  let before: Promise<unknown> = Promise.resolve();
  const answer = async (question: object): Promise<Buffer> => {
    script.stdin.write(`${JSON.stringify(question)}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error('the script ended');
    const { status, base64 } = JSON.parse(line.value) as { status: number; base64: string };
    const body = Buffer.from(base64, 'base64');
    if (status !== 200) throw new Error(`${status} ${body.toString()}`);
    return body;
  };
  return (question) => {
    const asked = before.then(() => answer(question));
    before = asked.catch(() => {});
    return asked;
  };
}

const python = await pythonWithRequests(t);
if (python !== undefined) {
  const send = ask(python);
  const open = plainClient({
    get: (url, headers) => send({ how: 'get', url, headers }),
    postJson: (url, headers, body) => send({ how: 'json', url, headers, body }),
    upload: (url, headers, { path }) => send({ how: 'upload', url, headers, path }),
    uploadChunked: (url, headers, { path }) => send({ how: 'chunked', url, headers, path }),
  });
  keepPromises({ name: 'Python requests', token: 'none', open });
}
