import * as v from 'valibot';
import type { Kind } from './kind.ts';

/** `/cgi-bin/*`, `/wxa/**`: matched by the guard, only their shape is checked here. */
export const pathPatterns = list(
  '<patterns>',
  /^\/[^\s?#]*$/,
  'should be patterns separated by commas, each beginning with / and without a query',
);

export const hosts = list(
  '<hosts>',
  /^(?:\[[\da-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?$/,
  'should be host names separated by commas, each with or without a port, such as proxy.internal',
);

function list(label: string, entry: RegExp, right: string): Kind<readonly string[]> {
  return {
    label,
    schema: v.pipe(
      v.string(),
      v.transform((text) => text.split(',').map((part) => part.trim())),
      v.everyItem((part) => entry.test(part), right),
    ),
  };
}
