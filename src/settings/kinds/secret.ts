import * as v from 'valibot';
import { Secret } from '../../telemetry/secret.ts';
import { secretFault } from '../../telemetry/secret-file.ts';
import type { Kind } from './kind.ts';

/** Only for settings whose table row says `secret`: their text is never shown at all. */
export const secret: Kind<Secret> = {
  label: '<secret>',
  schema: v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const fault = secretFault(dataset.value);
      if (fault === undefined) return Secret.of(dataset.value);
      addIssue({ message: `${fault}; it should be one line of printable ASCII` });
      return NEVER;
    }),
  ),
};
