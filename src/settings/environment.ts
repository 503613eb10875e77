/** The one place in the program that touches `process.env`. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}
