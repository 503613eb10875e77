import { ISSUER_FAILURES, type IssuerFailure } from '../../telemetry/last-outcomes.ts';
import { TokenCallError, type TokenSource } from './source.ts';

/**
 * The same source, telling whether it could be reached. A refusal is an answer.
 * @param called failure undefined: it answered
 */
export function observed(
  source: TokenSource,
  called: (failure: IssuerFailure | undefined) => void,
): TokenSource {
  return {
    ...source,
    async fetch(request) {
      try {
        const issued = await source.fetch(request);
        called(undefined);
        return issued;
      } catch (error) {
        const failure = ISSUER_FAILURES.find((reason) => reason === reasonOf(error));
        if (failure !== undefined || isAnswer(error, source)) called(failure);
        throw error;
      }
    },
  };
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof TokenCallError ? error.reason : undefined;
}

/** Without an errcode WeChat was not even asked: there is no AppSecret. A peer refuses by its status. */
function isAnswer(error: unknown, { name }: TokenSource): boolean {
  return error instanceof TokenCallError && (error.errcode !== undefined || name === 'peer');
}
