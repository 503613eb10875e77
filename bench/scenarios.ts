/** The kinds of call that are measured. */
export const SCENARIOS = ['get', 'post', 'upload', 'download'] as const;

export type Scenario = (typeof SCENARIOS)[number];
