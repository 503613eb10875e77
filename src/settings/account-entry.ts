import { resolve } from 'node:path';
import { Secret } from '../telemetry/secret.ts';
import { secretFault, SecretFileError } from '../telemetry/secret-file.ts';
import type { SecretFileOptions } from '../telemetry/secret-file.ts';
import { TOKEN_APIS, type TokenApi } from '../wechat/token-endpoints.ts';
import { didYouMean } from './did-you-mean.ts';
import { isRecord } from './json-text.ts';
import { APPID } from './kinds/scalars.ts';

const EITHER_API = TOKEN_APIS.map((api) => JSON.stringify(api)).join(' or ');
const MEMBERS = ['appid', 'appsecret', 'appsecretFile', 'tokenApi', 'default'];

/** An account of the accounts file. */
export interface AccountEntry {
  readonly appid: string;
  /** Missing only where a token peer holds it. One from a file is read when it is first used. */
  readonly secret: Secret | undefined;
  /** Where it differs from the setting for all. */
  readonly tokenApi: TokenApi | undefined;
}

type Report = (message: string) => void;

/** What an entry is read by, besides its own text. */
export interface EntryReader {
  /** What a relative `appsecretFile` is meant from. */
  readonly directory: string;
  readonly secretsOptional: boolean;
  readonly secretFiles: SecretFileOptions;
}

/** What nearly all of thousands are: an appid and its secret, both right, and nothing else. */
export interface PlainItem {
  readonly appid: string;
  readonly appsecret: string;
}

/** By the rules of `readEntry`, which has nothing more to find in it. */
export function isPlain(item: unknown): item is PlainItem {
  if (!isRecord(item)) return false;
  const { appid, appsecret } = item;
  if (!isAppid(appid) || typeof appsecret !== 'string') return false;
  // Asked without a list of its members, which would cost more than all else that is asked of an entry.
  for (const member in item) if (member !== 'appid' && member !== 'appsecret') return false;
  return secretFault(appsecret) === undefined;
}

/** The entry without what is wrong in it, which is reported; nothing when its appid is wrong. */
export function readEntry(
  item: unknown,
  reader: EntryReader,
  fault: Report,
): AccountEntry | undefined {
  if (!isRecord(item)) {
    fault('should be an object such as {"appid": "wx…", "appsecretFile": "…"}');
    return undefined;
  }
  const { appid, tokenApi, default: isDefault = false } = item;
  for (const key in item) {
    if (!MEMBERS.includes(key)) fault(`has an unknown member ${key}${didYouMean(key, MEMBERS)}`);
  }
  const api = TOKEN_APIS.find((known) => known === tokenApi);
  if (tokenApi !== undefined && api === undefined) fault(`tokenApi should be ${EITHER_API}`);
  if (typeof isDefault !== 'boolean') fault('default should be true or false, without quotes');
  const secret = readSecret(item, reader, fault);
  if (!isAppid(appid)) {
    fault('appid should be a string of 4 to 64 letters and digits, and not "none"');
    return undefined;
  }
  return { appid, secret, tokenApi: api };
}

function readSecret(
  { appsecret, appsecretFile }: Record<string, unknown>,
  { directory, secretFiles, secretsOptional }: EntryReader,
  fault: Report,
): Secret | undefined {
  if (appsecret !== undefined && appsecretFile !== undefined) {
    fault('has both appsecret and appsecretFile: keep one of the two');
  } else if (typeof appsecret === 'string') {
    const wrong = secretFault(appsecret);
    if (wrong === undefined) return Secret.of(appsecret);
    fault(`appsecret cannot be used: ${wrong}`);
  } else if (typeof appsecretFile === 'string') {
    return readSecretFile(resolve(directory, appsecretFile), secretFiles, fault);
  } else if (appsecret !== undefined || appsecretFile !== undefined) {
    fault('appsecret and appsecretFile should be strings');
  } else if (!secretsOptional) {
    fault('has no appsecret or appsecretFile');
  }
  return undefined;
}

function readSecretFile(path: string, options: SecretFileOptions, fault: Report) {
  try {
    return Secret.fromFile(path, options);
  } catch (error) {
    if (!(error instanceof SecretFileError)) throw error;
    fault(`appsecretFile cannot be used: ${error.reason}`);
    return undefined;
  }
}

export function isAppid(value: unknown): value is string {
  return typeof value === 'string' && APPID.test(value);
}
