// What the bench tells each of the Node programs here.
const { BENCH_PORT, BENCH_UPSTREAM, BENCH_TOKEN, BENCH_CONNECTIONS } = process.env;

export const port = Number(BENCH_PORT);
export const upstream = BENCH_UPSTREAM;
export const connections = Number(BENCH_CONNECTIONS);

/** The request's URL with the token in its query. */
export function withToken(url) {
  return `${url}${url.includes('?') ? '&' : '?'}access_token=${BENCH_TOKEN}`;
}
