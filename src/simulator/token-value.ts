import { randomBytes, randomInt } from 'node:crypto';

// Real tokens of 2024 to 2026: a counter, an underscore, 136 to 160 characters in all.
const PREFIX = '90_';
const MIN_LENGTH = 136;
const MAX_LENGTH = 160;

/** A new token value: 136 to 160 characters of `[A-Za-z0-9_-]`. */
export function newTokenValue(): string {
  const random = randomBytes(MAX_LENGTH).toString('base64url');
  return (PREFIX + random).slice(0, randomInt(MIN_LENGTH, MAX_LENGTH + 1));
}
