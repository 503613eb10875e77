/** A row of the tables in docs/reliability.md. */
export interface Row {
  readonly area: 'Upstream' | 'Token endpoint' | 'Process' | 'Abuse' | 'Soak' | 'Token engine';
  readonly fault: string;
  readonly promise: string;
  /** Path of the test, from the project's root. */
  readonly test: string;
  /** Name of the figure, as in the test. */
  readonly figure: string;
}
