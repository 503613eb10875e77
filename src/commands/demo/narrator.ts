import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Tells a person what happens, and remembers every statement that did not hold. */
export class Narrator {
  readonly #out: (text: string) => void;
  readonly #coloured: boolean;
  #steps = 0;
  #statements = 0;
  #failed: string[] = [];

  constructor(out: (text: string) => void, coloured: boolean) {
    this.#out = out;
    this.#coloured = coloured;
  }

  /** How many statements were made. */
  get statements(): number {
    return this.#statements;
  }

  /** The statements that did not hold, each with the number of its step. */
  get failed(): readonly string[] {
    return this.#failed;
  }

  step(title: string): void {
    this.#steps += 1;
    this.#out(`\n${this.#styled('bold', `${this.#steps}. ${title}`)}\n`);
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) this.#out(`   ${line}\n`);
  }

  /** What went over the wire, as `who` saw it. */
  show(who: string, what: string): void {
    this.#out(`     ${this.#styled('dim', who.padEnd(11))} ${what}\n`);
  }

  /** A statement, and whether it is true. */
  holds(statement: string, isTrue: boolean): void {
    this.#statements += 1;
    if (!isTrue) this.#failed.push(`step ${this.#steps}: ${statement}`);
    const mark = isTrue ? this.#styled('green', '✓') : this.#styled('red', '✗ NOT SO:');
    this.#out(`   ${mark} ${statement}\n`);
  }

  /** The step did not come to its end. */
  brokeOff(why: string): void {
    this.holds(`the step came to its end (${why})`, false);
  }

  #styled(style: Style, text: string): string {
    return this.#coloured ? styleText(style, text, { validateStream: false }) : text;
  }
}
