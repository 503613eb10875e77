/** Runs fuzz cases against a proxy, some at a time, and says which of them broke a promise. */
import { fuzzCase } from './fuzz-case.ts';
import { sendCase } from './fuzz-client.ts';
import { judge } from './fuzz-judge.ts';
import { show, type Ledger } from './fuzz-ledger.ts';
import { readStrictly } from './fuzz-strict-reader.ts';

export interface FuzzPlan {
  readonly seed: number;
  /** Of the first case. */
  readonly from: number;
  /** Asked before each case: whether there is to be another. */
  readonly goesOn: (index: number) => boolean;
  /** Port of the proxy, on 127.0.0.1. */
  readonly port: number;
  readonly ledger: Ledger;
  readonly parallel?: number;
}

export interface FuzzReport {
  readonly cases: number;
  /** Requests that a strict reader sees in them. */
  readonly requests: number;
  /** Of those, the ones that were forwarded. */
  readonly forwarded: number;
  /** Each with the case that it happened in, or near. */
  readonly violations: readonly string[];
}

/** After this many there is no point in going on. */
const ENOUGH = 10;

export async function runFuzz(plan: FuzzPlan): Promise<FuzzReport> {
  const { seed, port, ledger, parallel = 8 } = plan;
  const violations: string[] = [];
  let index = plan.from;
  let requests = 0;
  let forwarded = 0;
  const work = async (): Promise<void> => {
    while (violations.length < ENOUGH && plan.goesOn(index)) {
      const at = index++;
      const one = fuzzCase(seed, at);
      const text = one.segments.join('');
      const reading = readStrictly(text);
      const entries = ledger.allow(reading.requests);
      const outcome = await sendCase(port, one, reading);
      const faults = [...ledger.violations.splice(0), ...judge(one, entries, outcome)];
      violations.push(...faults.map((fault) => `case ${at}: ${fault}\n    sent ${show(text)}`));
      requests += entries.length;
      forwarded += entries.filter(({ arrivals }) => arrivals > 0).length;
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return { cases: index - plan.from, requests, forwarded, violations };
}
