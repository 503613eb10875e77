import { tokenFailure } from '../../wechat/errcodes.ts';
import { redactText } from '../../telemetry/redact.ts';
import { isTokenValue, LONGEST_LIFE_MS } from '../token.ts';
import { TokenCallError, type IssuedToken } from './source.ts';

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
    const message = `WeChat answered ${errcode}: ${wordsOf(answer)}`;
    throw new TokenCallError(tokenFailure(errcode), message, { errcode });
  }
  const value = answer['access_token'];
  if (status !== 200 || !isTokenValue(value)) {
    throw new TokenCallError(
      'bad_response',
      `the token endpoint answered status ${status} without a usable access_token`,
    );
  }
  return { value, ...readLife(answer['expires_in'], leastLifeS) };
}

/** @returns undefined for what is no JSON object */
export function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // a page, perhaps: the caller says so, without quoting it
  }
}

/** Why there is no token, as whoever refused it says. */
export function wordsOf({ errmsg }: Record<string, unknown>): string {
  return typeof errmsg === 'string' ? redactText(errmsg) : 'no errmsg';
}

function readLife(
  expiresIn: unknown,
  leastS: number,
): Pick<IssuedToken, 'expiresInMs' | 'guessedLife'> {
  const seconds = typeof expiresIn === 'string' && expiresIn !== '' ? Number(expiresIn) : expiresIn;
  const usable =
    typeof seconds === 'number' && seconds >= leastS && seconds * 1000 <= LONGEST_LIFE_MS;
  return usable
    ? { expiresInMs: seconds * 1000 }
    : { expiresInMs: GUESSED_LIFE_S * 1000, guessedLife: true };
}
