import { renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import t from 'tap';
import { Secret } from '../../../src/telemetry/secret.ts';
import { SecretFileError } from '../../../src/telemetry/secret-file.ts';

const VALUE = 'f00dcafe-0123456789abcdef';

t.test('a secret shows in no way of printing it, only reveal() gives it', (t) => {
  const secret = Secret.of(VALUE);
  const holder = { secret, list: [secret] };
  const printed = [
    String(secret),
    `${secret}`,
    '' + String(secret),
    JSON.stringify(secret),
    JSON.stringify(holder),
    JSON.stringify({ ...secret }),
    JSON.stringify(structuredClone({ ...holder.list })),
    inspect(secret, { showHidden: true, depth: 9 }),
    inspect(holder, { showHidden: true, depth: 9 }),
    inspect(new Error('x', { cause: secret })),
  ].join('\n');
  t.notMatch(printed, VALUE);
  t.equal(String(secret), '[secret]');
  t.equal(JSON.stringify(secret), '"[secret]"');
  t.equal(inspect(holder), '{ secret: [secret], list: [ [secret] ] }');
  t.equal(secret.reveal(), VALUE);
  t.end();
});

t.test('only the very same text equals a secret', (t) => {
  const secret = Secret.of(VALUE);
  t.ok(secret.equals(VALUE));
  t.ok(secret.equals(VALUE), 'again, from the cached digest');
  for (const other of ['', VALUE.slice(1), `${VALUE}\n`, VALUE.toUpperCase(), `${VALUE}${VALUE}`]) {
    t.notOk(secret.equals(other), JSON.stringify(other));
  }
  t.end();
});

t.test('a file is read without its trailing line break or byte order mark', (t) => {
  const path = `${t.testdir()}/key`;
  for (const text of [VALUE, `${VALUE}\n`, `${VALUE}\r\n`, `${VALUE}\n\n`, `\uFEFF${VALUE}\n`]) {
    writeFileSync(path, text);
    t.equal(Secret.fromFile(path).reveal(), VALUE, JSON.stringify(text));
    t.equal(Secret.fromFile(path, { lazy: true }).reveal(), VALUE, 'lazy');
  }
  t.end();
});

t.test('a file that cannot be a secret is refused at once, its content unsaid', (t) => {
  const directory = t.testdir({
    empty: '',
    newline: '\n',
    pem: `-----BEGIN\n${VALUE}\n-----END\n`,
    blank: ` ${VALUE}`,
    binary: `${VALUE}\u0000`,
    chinese: `${VALUE}密`,
    large: VALUE.repeat(4000),
    folder: {},
  });
  const refused = (name: string, reason: string) =>
    t.throws(
      () => Secret.fromFile(`${directory}/${name}`),
      { message: `the secret file ${directory}/${name} cannot be used: ${reason}`, reason },
      name,
    );
  refused('missing', 'there is no such file');
  refused('pem/x', 'there is no such file');
  refused('folder', 'it is a directory');
  refused('empty', 'it is empty');
  refused('newline', 'it is empty');
  refused('pem', 'it holds more than one line');
  refused('blank', 'it begins or ends with a blank');
  refused('binary', 'it holds characters that are not printable ASCII');
  refused('chinese', 'it holds characters that are not printable ASCII');
  refused('large', 'it is too large');
  t.throws(() => Secret.fromFile(`${directory}/missing`, { lazy: true }), SecretFileError);
  t.throws(() => Secret.fromFile(`${directory}/empty`, { lazy: true }), SecretFileError);
  t.end();
});

t.test('a changed file gives its new value, looked at once an interval', (t) => {
  const { path, clock, secret } = watched(t);
  t.ok(secret.equals(VALUE));
  writeFileSync(path, 'second-value\n');
  clock.ms += 999;
  t.equal(secret.reveal(), VALUE, 'not looked at within the interval');
  clock.ms += 1;
  t.equal(secret.reveal(), 'second-value');
  t.ok(secret.equals('second-value'), 'the cached digest went with the old value');
  t.notOk(secret.equals(VALUE));
  t.end();
});

t.test('the interval between two looks can be handed in', (t) => {
  const { path, clock, secret } = watched(t, { checkIntervalMs: 10 });
  writeFileSync(path, 'second-value');
  clock.ms += 10;
  t.equal(secret.reveal(), 'second-value');
  t.end();
});

t.test('a replaced file of the same size and time is noticed', (t) => {
  const { path, clock, secret } = watched(t);
  utimesSync(path, 1, 1);
  clock.ms += 1000;
  secret.reveal();
  writeFileSync(`${path}.new`, VALUE.toUpperCase());
  utimesSync(`${path}.new`, 1, 1);
  t.equal(statSync(`${path}.new`).size, statSync(path).size);
  renameSync(`${path}.new`, path);
  clock.ms += 1000;
  t.equal(secret.reveal(), VALUE.toUpperCase());
  t.end();
});

t.test(
  'a file gone bad leaves the last good value and is told once until it is good again',
  (t) => {
    const { path, clock, secret, faults } = watched(t);
    const look = () => {
      clock.ms += 1000;
      return secret.reveal();
    };
    rmSync(path);
    t.equal(look(), VALUE);
    t.equal(look(), VALUE);
    t.strictSame(faults, [
      `the secret file ${path} cannot be used: there is no such file; its last value stays in use`,
    ]);
    writeFileSync(path, '');
    t.equal(look(), VALUE, 'empty');
    t.equal(faults.length, 1, 'another fault without a good file in between is not told');
    writeFileSync(path, 'second-value');
    t.equal(look(), 'second-value');
    writeFileSync(path, `two\nlines ${VALUE}`);
    t.equal(look(), 'second-value');
    t.equal(faults.length, 2, 'told again after it was good');
    t.match(faults[1], /more than one line; its last value stays in use/);
    t.notMatch(faults.join('\n'), VALUE);
    t.end();
  },
);

t.test('a file that looks as it did is not read again', (t) => {
  const { path, clock, secret } = watched(t);
  utimesSync(path, 1, 1);
  clock.ms += 1000;
  secret.reveal();
  writeFileSync(path, VALUE.toUpperCase());
  utimesSync(path, 1, 1);
  clock.ms += 1000;
  t.equal(secret.reveal(), VALUE);
  t.end();
});

t.test('a file that comes back as it was is good again', (t) => {
  const { path, clock, secret, faults } = watched(t);
  for (const count of [1, 2]) {
    renameSync(path, `${path}.away`);
    clock.ms += 1000;
    secret.reveal();
    t.equal(faults.length, count);
    renameSync(`${path}.away`, path);
    clock.ms += 1000;
    t.equal(secret.reveal(), VALUE);
  }
  t.end();
});

t.test('a lazy file is first read when it is first used', (t) => {
  const path = `${t.testdir({ key: VALUE })}/key`;
  const secret = Secret.fromFile(path, { lazy: true });
  writeFileSync(path, 'second-value');
  t.equal(secret.reveal(), 'second-value');
  const gone = Secret.fromFile(path, { lazy: true });
  rmSync(path);
  t.throws(() => gone.reveal(), SecretFileError, 'never read: there is no value to fall back on');
  t.throws(() => gone.equals(''), SecretFileError, 'and nothing equals it');
  writeFileSync(path, VALUE);
  t.equal(gone.reveal(), VALUE);
  t.end();
});

function watched(t: Tap, options: { checkIntervalMs?: number } = {}) {
  const path = `${t.testdir({ key: VALUE })}/key`;
  const clock = { ms: 0 };
  const faults: string[] = [];
  const onFault = (message: string) => faults.push(message);
  const secret = Secret.fromFile(path, { ...options, onFault, now: () => clock.ms });
  return { path, clock, faults, secret };
}

type Tap = Pick<typeof t, 'testdir'>;
