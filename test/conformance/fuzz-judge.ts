/** Whether the answers to a case are those to its requests, in order, and to nothing else. */
import type { FuzzCase } from './fuzz-case.ts';
import type { FuzzAnswer, Outcome } from './fuzz-client.ts';
import { keyOf, show, type Entry } from './fuzz-ledger.ts';

/** @returns what is wrong; empty: nothing */
export function judge(
  { pristine, leaves }: FuzzCase,
  entries: readonly Entry[],
  { answers, rest, fault }: Outcome,
): string[] {
  const faults = fault === undefined ? [] : [fault];
  if (leaves === 'ends' && rest !== '') faults.push(`an answer is cut: ${show(rest)}`);
  for (const [n, answer] of answers.entries()) {
    const entry = entries[n];
    const wrong = entry === undefined ? strayFault(n, answers) : answerFault(answer, entry);
    if (wrong !== undefined) faults.push(`answer ${n + 1}: ${wrong}`);
  }
  faults.push(...forwardedThoughRefused(entries, answers));
  if (pristine) faults.push(...unserved(entries, answers));
  return faults;
}

/** Behind the last request there is one refusal at most. */
function strayFault(n: number, answers: readonly FuzzAnswer[]): string | undefined {
  const answer = answers[n] as FuzzAnswer;
  if (n === answers.length - 1 && answer.fields.has('x-wxproxy-error')) return undefined;
  return `nobody asked for it: ${answer.status} ${show(answer.body)}`;
}

function answerFault(answer: FuzzAnswer, { request }: Entry): string | undefined {
  const { status, fields, body } = answer;
  if (!Number.isInteger(status)) return 'it is ill-formed';
  const error = fields.get('x-wxproxy-error');
  if (error === 'ERR_INTERNAL' || (error !== undefined && status >= 502))
    return `${status} ${error}`;
  if (error !== undefined) return undefined;
  const echo = fields.get('x-echo');
  if (echo === undefined) {
    const isOurs = request.method === 'HEAD' || body.includes('"wxp-');
    return isOurs && /token/i.test(request.target) ? undefined : `it is not the upstream's`;
  }
  const [method = '', target = ''] = echo.split(' ');
  const [asked] = keyOf(request).split('?');
  return keyOf({ method, target }) === `${asked}?` ? undefined : `it is that to ${show(echo)}`;
}

/** Of requests that look the same, nobody can say which one of them arrived. */
function forwardedThoughRefused(
  entries: readonly Entry[],
  answers: readonly FuzzAnswer[],
): string[] {
  const counts = new Map<string, { arrived: number; refused: number; all: number }>();
  for (const [n, { request, arrivals }] of entries.entries()) {
    if (!request.complete) continue;
    const key = keyOf(request);
    const count = counts.get(key) ?? { arrived: 0, refused: 0, all: 0 };
    counts.set(key, count);
    count.all++;
    count.arrived += arrivals;
    if (answers[n]?.fields.has('x-wxproxy-error') === true) count.refused++;
  }
  return [...counts]
    .filter(([, { arrived, refused, all }]) => arrived > all - refused)
    .map(([key]) => `refused, but forwarded: ${show(key)}`);
}

/**
 * What may be refused although it is valid: chunked bodies that are too large to be held, and code
 * exchanges with a body that says nothing that can be read.
 */
function unserved(entries: readonly Entry[], answers: readonly FuzzAnswer[]): string[] {
  return entries.flatMap(({ request, arrivals }, n) => {
    const { status } = answers[n] ?? { status: 0 };
    if (status === 411 || arrivals === 1) return [];
    if (status === 400 && arrivals === 0 && /code2session/i.test(request.target)) return [];
    return [
      `valid, but answered ${status} and forwarded ${arrivals} times: ${show(request.target)}`,
    ];
  });
}
