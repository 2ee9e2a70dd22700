import { hash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { HostTierError } from './errors.ts';

/** Changes with anything that another version could misread. */
const FORMAT = 'v1';
const DEFAULT_MAX_BYTES = 2 ** 30;
const SHARE_OF_FREE = 0.25;

/** File systems on which a memory-mapped file is not the same to all who map it; numbers of statfs(2). */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

/** @see hostDirectory */
export interface HostDirectoryOptions {
  /** Folder for the directories of all host tiers, on a local file system. @default `warmline-{uid}` in the system's temporary folder */
  readonly directory?: string;
  /** Separates host tiers of one machine. @default 'default' */
  readonly name?: string;
  /** URL of the cluster tier behind this one: machines' files of different clusters never mix. @default none */
  readonly cluster?: string;
}

/**
 * The directory of a host tier: one per format, user, boot and PID namespace, private to its user.
 *
 * Nothing in it is trusted after a reboot, which may have lost writes, so the boot is in its name. So is the PID namespace:
 * two containers must never share one file, because the pids of the one look dead to the other.
 * @throws HostTierError `ERR_HOST_DIRECTORY` naming the directory and what is wrong with it.
 */
export function hostDirectory(options: HostDirectoryOptions): string {
  const { name = 'default', cluster = '' } = options;
  // Not the system's table of users: in a container they often are in none.
  const uid = process.getuid?.() ?? -1;
  const base = options.directory ?? join(tmpdir(), `warmline-${uid}`);
  const pool = hash('sha256', JSON.stringify([cluster, name]), 'hex').slice(0, 12);
  const { boot, space } = whereabouts();
  const path = join(base, `${FORMAT}-${boot}-${space}-${uid}-${pool}`);
  try {
    makeFolders(path);
    checkPrivate(path, uid);
    // In a folder that everybody may write to, somebody else could have made ours before us, and replace what is in it.
    if (options.directory === undefined) checkPrivate(base, uid);
    const network = NETWORK_FILE_SYSTEMS.get(statfsSync(path).type >>> 0);
    if (network !== undefined) throw new Error(`${network} is a network file system; a local one is needed`);
  } catch (error) {
    throw new HostTierError('ERR_HOST_DIRECTORY', `${path} cannot hold a host tier: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return path;
}

/** Not `recursive` of Node, which never returns where a file system answers ENOENT for a parent that is there (procfs). */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(path)) throw error;
  }
}

function checkPrivate(path: string, uid: number): void {
  const found = lstatSync(path);
  if (!found.isDirectory()) throw new Error(`${path} is no directory`);
  if (uid >= 0 && found.uid !== uid) throw new Error(`${path} belongs to user ${found.uid}, not ${uid}`);
  if ((found.mode & 0o077) !== 0) throw new Error(`others may use ${path} (mode ${(found.mode & 0o777).toString(8)})`);
}

/** 1 GiB, or a quarter of what is free where that is less. */
export function defaultMaxBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return Math.max(1, Math.min(DEFAULT_MAX_BYTES, Math.floor(bavail * bsize * SHARE_OF_FREE)));
}

/** Removes what earlier boots of this user have left beside this directory. Other PID namespaces of this boot may be alive. */
export function removeEarlierBoots(directory: string): void {
  const base = join(directory, '..');
  const [, boot, , uid] = basename(directory).split('-');
  for (const entry of readdirSync(base)) {
    const [format = '', ofBoot = '', , ofUid] = entry.split('-');
    if (!/^v\d+$/u.test(format) || !/^[0-9a-f]{12}$/u.test(ofBoot)) continue;
    if (ofBoot !== boot && ofUid === uid) rmSync(join(base, entry), { recursive: true, force: true });
  }
}

function whereabouts(): { boot: string; space: string } {
  try {
    return { boot: hash('sha256', bootId(), 'hex').slice(0, 12), space: pidNamespace() };
  } catch (error) {
    throw new HostTierError('ERR_HOST_DIRECTORY', `no host tier on ${process.platform}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function bootId(): string {
  if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  if (process.platform === 'darwin')
    return process
      .getBuiltinModule('node:child_process')
      .execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' })
      .trim();
  throw new Error('it does not tell one boot from another');
}

function pidNamespace(): string {
  if (process.platform !== 'linux') return '0';
  return readlinkSync('/proc/self/ns/pid').replaceAll(/\D/gu, '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
