/** A small file of this user's own, which nobody else may read and which is replaced as a whole. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
} from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Ten thousand accounts need a tenth of it. */
const MOST_BYTES = 64 * 1024 * 1024;

/** @returns undefined where there is no file yet @throws when the file may be somebody else's work */
export function readOwnFile(path: string): string | undefined {
  let fd: number;
  try {
    // Not blocking: what has been put there may be a pipe.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is no regular file');
    if (stat.uid !== process.getuid?.()) throw new Error('it belongs to another user');
    if ((stat.mode & 0o077) !== 0) {
      throw new Error('others may read or write it: its mode must be 0600');
    }
    if (stat.size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Readers see the old content or the new one, never a part; no one else may read either. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await refuseSpecial(path);
  const { folder, prefix, suffix } = temporaryOf(path);
  const temporary = join(folder, `${prefix}${randomBytes(6).toString('hex')}${suffix}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {}); // the first error says more
    throw error;
  }
}

/** A rename would put the token in the place of a device, as root even in that of `/dev/null`. */
async function refuseSpecial(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isCharacterDevice() || stat?.isBlockDevice() || stat?.isFIFO() || stat?.isSocket()) {
    throw new Error('it is no regular file');
  }
}

/** Removes what a process that was killed while it replaced the file has left beside it. */
export function removeLeftovers(path: string): void {
  const { folder, prefix, suffix } = temporaryOf(path);
  try {
    for (const name of readdirSync(folder)) {
      if (name.startsWith(prefix) && name.endsWith(suffix)) unlinkSync(join(folder, name));
    }
  } catch {
    // They harm nobody; a folder that cannot be used is said when the file is written.
  }
}

function temporaryOf(path: string): { folder: string; prefix: string; suffix: string } {
  return { folder: dirname(path), prefix: `.${basename(path)}.`, suffix: '.new' };
}
