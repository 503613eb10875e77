/** Time that this thread has worked, in ms: what others do on this machine is not counted. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
