import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const COMMAND_WITHIN_MS = 120_000;
const OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Unpacks a package of the distribution, with those of its dependencies that the system lacks, into a folder: no root, nothing
 * installed, nothing of the system's changed. Packages come from where the system's own sources say.
 *
 * @param systemLists the lists of packages that the system has loaded. @default /var/lib/apt/lists
 * @throws Error with what was tried, if there is no apt or none of its lists leads to the package.
 */
export async function unpackDebian(name: string, into: string, systemLists = '/var/lib/apt/lists'): Promise<void> {
  const apt = await Apt.open();
  const tried: string[] = [];
  // The lists at hand are the quickest, but can be empty (containers) or older than the mirror's packages.
  const ways: [string, () => Promise<void>][] = [
    ["the system's lists", async () => apt.useLists(systemLists)],
    ['fresh lists', async () => apt.update()],
    ['the backports of this release', async () => apt.addBackports()],
  ];
  try {
    for (const [way, prepare] of ways) {
      try {
        await prepare();
        await unpackAll(await apt.download(name), into);
        return;
      } catch (error) {
        tried.push(`from ${way}: ${messageOf(error)} ${apt.complaint}`.trim());
      }
    }
  } finally {
    await apt.close();
  }
  throw new Error(tried.join('\n'));
}

async function unpackAll(packages: readonly string[], into: string): Promise<void> {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  for (const file of packages) await run('dpkg-deb', ['-x', file, into]);
}

/** apt-get with state and cache of its own. */
class Apt {
  readonly #directory: string;
  #sources = '';
  /** The first thing that the last {@link update} could not do. */
  complaint = '';

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws Error if this is no system with apt. */
  static async open(): Promise<Apt> {
    await Promise.all([run('apt-get', ['--version']), run('dpkg-deb', ['--version'])]).catch((error: unknown) => {
      throw new Error('no apt-get and dpkg-deb on this system', { cause: error });
    });
    const apt = new Apt(await mkdtemp(join(tmpdir(), 'warmline-apt-')));
    for (const folder of ['lists/partial', 'archives/partial', 'packages']) {
      await mkdir(join(apt.#directory, folder), { recursive: true });
    }
    await apt.useLists(join(apt.#directory, 'lists'));
    return apt;
  }

  /** From here on, packages are looked up in the lists of this folder. */
  async useLists(lists: string): Promise<void> {
    // A file, because only there a list of the system's configuration can be cleared. It is read after the system's own.
    await writeFile(
      join(this.#directory, 'apt.conf'),
      [
        `Dir::State "${this.#directory}";`,
        // Not in Dir::State as by default: what is installed stays the system's answer.
        'Dir::State::status "/var/lib/dpkg/status";',
        `Dir::State::lists "${lists}/";`,
        `Dir::Cache "${this.#directory}";`,
        this.#sources,
        // As root, apt would load as a user of its own, who may not write here.
        'APT::Sandbox::User "root";',
        // What the system does after an update (it empties caches, tells desktops) is for updates of the system's lists.
        '#clear APT::Update::Pre-Invoke;',
        '#clear APT::Update::Post-Invoke;',
        '#clear APT::Update::Post-Invoke-Success;',
        '#clear DPkg::Post-Invoke;',
        '#clear Acquire::IndexTargets::deb::DEP-11;',
        '#clear Acquire::IndexTargets::deb::CNF;',
        'Acquire::Languages "none";',
        // One source that cannot be reached must not use up the time.
        'Acquire::http::Timeout "10";',
        'Acquire::https::Timeout "10";',
        'Acquire::Retries "1";',
        '',
      ].join('\n'),
    );
  }

  async update(): Promise<void> {
    await this.useLists(join(this.#directory, 'lists'));
    // It also fails when one of many sources does: whether the package is in the others is seen when it is looked for.
    const { stderr } = await this.#run('update').catch((error: unknown) => ({ stderr: messageOf(error) }));
    [this.complaint = ''] = stderr.split('\n');
  }

  /** Looks in the backports of the running release as well. */
  async addBackports(): Promise<void> {
    const lines = await this.#backports();
    if (lines.length === 0) throw new Error('no source of this release was reached');
    const list = join(this.#directory, 'sources.list');
    const system = existsSync('/etc/apt/sources.list') ? await readFile('/etc/apt/sources.list', 'utf8') : '';
    await writeFile(list, `${system}\n${lines.join('\n')}\n`);
    this.#sources = `Dir::Etc::sourcelist "${list}";`;
    await this.update();
  }

  /** @returns the files of a package and of its dependencies that are not installed. */
  async download(name: string): Promise<string[]> {
    const plan = await this.#get('--simulate', '--no-install-recommends', 'install', name);
    const names = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, found = '']) => found);
    // Installed, but not where it was looked for.
    if (!names.includes(name)) names.push(name);
    const packages = join(this.#directory, 'packages');
    await this.#get('download', ...names);
    const files = await readdir(packages);
    return files.map((file) => join(packages, file));
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #backports(): Promise<string[]> {
    const format = '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)';
    const targets = await this.#get('indextargets', '--format', format);
    const { VERSION_CODENAME: release = '', ID: distribution = '' } = await osRelease();
    const keys = `/usr/share/keyrings/${distribution}-archive-keyring.gpg`;
    const signed = existsSync(keys) ? `[signed-by=${keys}] ` : '';
    const lines = targets
      .split('\n')
      .map((line) => line.split('|'))
      .filter(([created, , suite]) => created === 'Packages' && suite === release)
      .map(([, mirror, , component]) => `deb ${signed}${mirror} ${release}-backports ${component}`);
    return [...new Set(lines)];
  }

  async #get(...args: readonly string[]): Promise<string> {
    const { stdout } = await this.#run(...args);
    return stdout;
  }

  async #run(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    return run('apt-get', ['-qq', '-c', join(this.#directory, 'apt.conf'), ...args], {
      cwd: join(this.#directory, 'packages'),
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeout: COMMAND_WITHIN_MS,
      maxBuffer: OUTPUT_BYTES,
    });
  }
}

async function osRelease(): Promise<Record<string, string>> {
  const text = await readFile('/etc/os-release', 'utf8');
  const pairs = [...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)];
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What apt says; the rest of the message only repeats the command.
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said.split('\n').find((line) => line.startsWith('E:')) ?? (said || error.message);
}
