import t from 'tap';
import { requireProgram } from '../helpers/programs.ts';
import { plainClient } from './plain.ts';
import { output } from './program.ts';
import { keepPromises } from './promises.ts';

const curl = requireProgram(t, 'curl');

function send(headers: Readonly<Record<string, string>>, args: readonly string[]): Promise<Buffer> {
  const shown = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  // `-q`: nobody's .curlrc; and no proxy but the one it is pointed at.
  const always = ['-q', '--silent', '--show-error', '--fail-with-body', '--noproxy', '*'];
  return output(curl as string, [...always, ...shown, ...args]);
}

if (curl !== undefined) {
  const open = plainClient({
    get: (url, headers) => send(headers, [url]),
    postJson: (url, headers, body) => send(headers, [url, '--data', JSON.stringify(body)]),
    upload: (url, headers, { path }) =>
      send({ ...headers, Expect: '100-continue' }, [url, '-F', `media=@${path}`]),
    uploadChunked: (url, headers, { path }) =>
      send({ ...headers, 'Transfer-Encoding': 'chunked' }, [url, '-F', `media=@${path}`]),
  });
  keepPromises({ name: 'curl', token: 'none', open });
}
