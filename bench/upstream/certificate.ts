/** A private CA and a certificate for this machine's own name, made by openssl for one run. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly caFile: string;
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/** @param name told apart by it: files and subject */
export function makeCertificate(directory: string, name: string): Certificate {
  const file = (ending: string): string => join(directory, `${name}${ending}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const openssl = (...argv: readonly string[]): void =>
    void execFileSync('openssl', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  writeFileSync(file('.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    `/CN=${name} CA`,
    '-keyout',
    file('.ca-key'),
    '-out',
    file('.ca'),
  );
  openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', file('.key'), '-out', file('.csr'));
  openssl(
    'x509',
    '-req',
    '-in',
    file('.csr'),
    '-CA',
    file('.ca'),
    '-CAkey',
    file('.ca-key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    file('.ext'),
    '-out',
    file('.crt'),
  );
  return {
    caFile: file('.ca'),
    ca: readFileSync(file('.ca'), 'utf8'),
    key: readFileSync(file('.key'), 'utf8'),
    cert: readFileSync(file('.crt'), 'utf8'),
  };
}
