import type { Seeded } from './seeded.ts';

export interface GeneratedAnswer {
  /** A JSON object as WeChat or its like might write it, all of it. */
  readonly text: string;
  /** What a reader of the whole finds at the top level: an integer, or a string of one. */
  readonly errcode: number | undefined;
}

/** A JSON object with or without a top-level errcode, and with errcodes that are not at the top. */
export function generatedAnswer(random: Seeded): GeneratedAnswer {
  const errcode = random.chance(60) ? random.of([40001, 42001, 40014, 0, -1, 45009, 7]) : undefined;
  const members = random.list(4, () => `${key(random)}${colon(random)}${value(random, 3)}`);
  if (errcode !== undefined) {
    const written = random.chance(30) ? `"${errcode}"` : `${errcode}`;
    const name = random.of(['"errcode"', '"errcode"', String.raw`"err\u0063ode"`]);
    members.splice(random.below(members.length + 1), 0, `${name}${colon(random)}${written}`);
  }
  const before = random.of(['', '', '\uFEFF', ' ', '\r\n\t']);
  return {
    text: `${before}{${blank(random)}${members.join(comma(random))}${blank(random)}}`,
    errcode,
  };
}

/** Never `errcode` itself: which of two counts is nobody's promise. */
function key(random: Seeded): string {
  return random.of([
    '"errmsg"',
    '"Errcode"',
    '"errcode "',
    '"err_code"',
    '""',
    String.raw`"\"errcode"`,
    String.raw`"err\\u0063ode"`,
    '"错误"',
    '"access_token"',
  ]);
}

function value(random: Seeded, depth: number): string {
  const leaf = random.of([
    '0',
    '-1.5e+10',
    '40001',
    '9007199254740993123',
    'true',
    'null',
    '""',
    String.raw`"invalid credential rid: 1-2-3 \"errcode\":40001,"`,
    String.raw`"\\"`,
    '"{\\"errcode\\":42001}"',
    '"中文"',
  ]);
  if (depth === 0 || random.chance(60)) return leaf;
  if (random.chance(50)) {
    return `[${random.list(3, () => value(random, depth - 1)).join(comma(random))}]`;
  }
  const members = random.list(3, () => `"errcode"${colon(random)}${value(random, depth - 1)}`);
  return `{${members.join(comma(random))}}`;
}

const blank = (random: Seeded): string => random.of(['', '', '', ' ', '\n', '\t \r\n']);
const colon = (random: Seeded): string => `${blank(random)}:${blank(random)}`;
const comma = (random: Seeded): string => `${blank(random)},${blank(random)}`;
