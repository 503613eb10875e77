import { tokenFailure } from '../../wechat/errcodes.ts';
import { redactText } from '../../telemetry/redact.ts';
import { TokenCallError, type IssuedToken } from './source.ts';

/** Twice what has been seen many times over; WeChat asks to reserve at least 512. */
const MAX_TOKEN_CHARS = 4096;
/** WeChat says at most 7200 and "may change"; a day is beyond every plan it has announced. */
const MAX_LIFE_S = 86_400;
/** For an answer that does not say how long its token lives. */
const GUESSED_LIFE_S = 300;

/**
 * Reads the body of a token endpoint's answer (getAccessToken, getStableAccessToken).
 * @param leastLifeS a life shorter than this is taken for none
 * @throws {TokenCallError} when there is no usable token in it
 */
export function readTokenAnswer(status: number, body: string, leastLifeS = 1): IssuedToken {
  const answer = parseObject(body);
  if (answer === undefined) {
    throw new TokenCallError(
      'bad_response',
      `the token endpoint answered status ${status} with a body that is no JSON object`,
    );
  }
  const errcode = Number(answer['errcode'] ?? 0);
  if (!Number.isInteger(errcode)) {
    throw new TokenCallError('bad_response', 'the token endpoint answered with a strange errcode');
  }
  if (errcode !== 0) {
    const { errmsg } = answer;
    const words = typeof errmsg === 'string' ? redactText(errmsg) : 'no errmsg';
    throw new TokenCallError(tokenFailure(errcode), `WeChat answered ${errcode}: ${words}`, {
      errcode,
    });
  }
  const value = answer['access_token'];
  if (status !== 200 || !isUsable(value)) {
    throw new TokenCallError(
      'bad_response',
      `the token endpoint answered status ${status} without a usable access_token`,
    );
  }
  return { value, ...readLife(answer['expires_in'], leastLifeS) };
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // the caller says what came instead, without quoting it
  }
}

/** Visible ASCII only: the value goes into a request line. */
function isUsable(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= MAX_TOKEN_CHARS && /^[\x21-\x7e]+$/.test(value)
  );
}

function readLife(
  expiresIn: unknown,
  leastS: number,
): Pick<IssuedToken, 'expiresInMs' | 'guessedLife'> {
  const seconds = typeof expiresIn === 'string' && expiresIn !== '' ? Number(expiresIn) : expiresIn;
  const usable = typeof seconds === 'number' && seconds >= leastS && seconds <= MAX_LIFE_S;
  return usable
    ? { expiresInMs: seconds * 1000 }
    : { expiresInMs: GUESSED_LIFE_S * 1000, guessedLife: true };
}
