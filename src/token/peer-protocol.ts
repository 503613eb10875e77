/** Header fields that instances of the proxy say to each other, in lower case; apps show the key as well. */

/** Proves who calls: the client key of the instance that is called. */
export const KEY_FIELD = 'x-wxproxy-key';

/** The digest (`digestOf`) of the token that is to be replaced, on a token call with `force_refresh`. */
export const REJECTED_FIELD = 'x-wxproxy-rejected';
