import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { putInPlace } from './put-in-place.ts';
import { unpackDebian } from './unpack-debian.ts';

const run = promisify(execFile);
const VERSION_WITHIN_MS = 10_000;

export type RedisKind = 'redis' | 'valkey';

/** A server program that has proved that it starts. */
export interface RedisProgram {
  readonly kind: RedisKind;
  readonly path: string;
  readonly version: string;
  /** To set over the process's own environment: where an unpacked program finds its libraries. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface FindRedisProgramOptions {
  /** @default either, redis first. */
  readonly kind?: RedisKind;
  /** Folders to look for an installed program in. @default those of `PATH`. */
  readonly path?: readonly string[];
  /** Where programs are unpacked. @default `node_modules/.cache/warmline/redis` of the repository. */
  readonly cacheDirectory?: string;
  /** The lists of packages that the system has loaded. @default `/var/lib/apt/lists`. */
  readonly systemLists?: string;
}

const found = new Map<string, Promise<RedisProgram>>();

/**
 * A `redis-server` or `valkey-server`: one on the `PATH`, else one unpacked earlier, else the distribution's packages (Debian,
 * Ubuntu), which are loaded and unpacked into the repository's cache. That needs no root and installs nothing. Processes
 * that ask at the same time do not disturb each other.
 *
 * @throws Error if there is none: with what was tried, and what a person can do.
 */
export function findRedisProgram(options: FindRedisProgramOptions = {}): Promise<RedisProgram> {
  const key = JSON.stringify([process.cwd(), process.env['PATH'], options]);
  const known = found.get(key);
  if (known !== undefined) return known;
  const search = find(options);
  found.set(key, search);
  // A missing program can be installed meanwhile.
  search.catch(() => found.delete(key));
  return search;
}

async function find(options: FindRedisProgramOptions): Promise<RedisProgram> {
  const kinds: readonly RedisKind[] = options.kind === undefined ? ['redis', 'valkey'] : [options.kind];
  const folders = options.path ?? (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const cache = options.cacheDirectory ?? join(repositoryRoot(), 'node_modules', '.cache', 'warmline', 'redis');
  const places = { folders, cache, systemLists: options.systemLists };
  const tried: string[] = [];
  for (const lookUp of [installed, unpackedEarlier, unpackedNow]) {
    for (const kind of kinds) {
      try {
        const program = await lookUp(kind, places);
        if (program !== undefined) return program;
      } catch (error) {
        tried.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  throw new Error(missing(kinds, places, tried));
}

interface Places {
  readonly folders: readonly string[];
  readonly cache: string;
  readonly systemLists: string | undefined;
}

async function installed(kind: RedisKind, { folders }: Places): Promise<RedisProgram | undefined> {
  for (const folder of folders) {
    const path = join(folder, `${kind}-server`);
    try {
      await access(path, constants.X_OK);
    } catch {
      continue;
    }
    return proven(kind, path, {});
  }
}

async function unpackedEarlier(kind: RedisKind, { cache }: Places): Promise<RedisProgram | undefined> {
  const folder = join(cache, kind);
  if (!existsSync(folder)) return undefined;
  return unpackedIn(kind, folder);
}

async function unpackedNow(kind: RedisKind, { cache, systemLists }: Places): Promise<RedisProgram> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, `.${kind}-`));
  try {
    const fresh = join(work, kind);
    await unpackDebian(`${kind}-server`, fresh, systemLists);
    await unpackedIn(kind, fresh);
    const place = join(cache, kind);
    const starts = (): Promise<RedisProgram> => unpackedIn(kind, place);
    await putInPlace(fresh, place, () =>
      starts().then(
        () => true,
        () => false,
      ),
    );
    return await starts();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpackedIn(kind: RedisKind, folder: string): Promise<RedisProgram> {
  const libraries = await libraryFolders(folder);
  const inherited = process.env['LD_LIBRARY_PATH'];
  if (inherited) libraries.push(inherited);
  return proven(kind, join(folder, 'usr', 'bin', `${kind}-server`), { LD_LIBRARY_PATH: libraries.join(delimiter) });
}

async function libraryFolders(folder: string): Promise<string[]> {
  const folders = new Set<string>();
  for (const top of ['usr/lib', 'lib']) {
    if (!existsSync(join(folder, top))) continue;
    const entries = await readdir(join(folder, top), { recursive: true, withFileTypes: true });
    for (const entry of entries) if (/\.so(\.|$)/.test(entry.name)) folders.add(entry.parentPath);
  }
  return [...folders];
}

async function proven(kind: RedisKind, path: string, environment: Record<string, string>): Promise<RedisProgram> {
  const { stdout } = await run(path, ['--version'], {
    env: { ...process.env, ...environment },
    timeout: VERSION_WITHIN_MS,
  });
  const version = /\bv=(\S+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${path} does not tell its version: ${stdout.trim()}`);
  return { kind, path, version, environment };
}

function repositoryRoot(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (['pnpm-workspace.yaml', '.git'].some((name) => existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return process.cwd();
  }
}

function missing(kinds: readonly RedisKind[], { folders, cache }: Places, tried: readonly string[]): string {
  const names = kinds.map((kind) => `${kind}-server`).join(' or ');
  return [
    `no ${names}: not in ${folders.join(delimiter) || 'any folder'}, none unpacked in ${cache}, and no package could be unpacked there:`,
    ...tried.map((line) => `  - ${line.trim().replaceAll('\n', '\n    ')}`),
    `Install one (Debian, Ubuntu: apt-get install ${kinds[0]}-server; elsewhere the package of your system),`,
    'or name a server that runs already in REDIS_URL for whatever takes one.',
  ].join('\n');
}
