/**
 * Takes what we put into a request out of what comes back: an upstream that quotes the request must
 * not hand the token to the app. Lengths stay, and with them every Content-Length.
 */

/** `access_token` and what may stand between it and its value in a URL, in JSON, or in both. */
const NAME = String.raw`access(?:_|%5f|\\u005f)token`;
const EQUALS = String.raw`(?:=|%3d|\\u003d|\\*"\s*:\s*\\*")`;
const QUOTED_TOKEN = new RegExp(String.raw`(?<=${NAME}${EQUALS})[^&"\\\s%]+`, 'gi');
/** A token of WeChat's by its looks, however it got there and even if its end is missing. */
const TOKEN_SHAPE = /\b\d{1,3}_[A-Za-z0-9_-]{30,}/g;

/** The text without the value that was put into the request; undefined: there was none. */
export function blanked(text: string, secret: string | undefined): string {
  if (secret === undefined || text.length < secret.length) return text;
  return text.includes(secret) ? text.replaceAll(secret, stars) : text;
}

/** The text without anything that is or may be a token: for answers that quote other requests. */
export function withoutTokens(text: string, secret: string | undefined): string {
  return blanked(text, secret).replaceAll(QUOTED_TOKEN, stars).replaceAll(TOKEN_SHAPE, stars);
}

function stars(text: string): string {
  return '*'.repeat(text.length);
}
