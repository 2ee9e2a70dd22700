import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PAGES = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const PACKAGE_READMES = readdirSync('packages').map((name) => `packages/${name}/README.md`);
const GUARANTEES = 'docs/guarantees.md';

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gmsu, '').replaceAll(/`[^`\n]*`/gu, '``');
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/gu, '-');
}

describe('every relative link leads somewhere', () => {
  test.each([...PAGES, ...PACKAGE_READMES, 'README.md'])('in %s', (file) => {
    const links = [...withoutCode(read(file)).matchAll(/\]\((?<to>[^)\s]+)\)/gu)].flatMap(({ groups }) => groups!.to!);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/u.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(target)) return true;
      const headings = anchor === undefined ? [] : [...read(target).matchAll(/^#+ (.+)$/gmu)].map(([, text]) => text!);
      return anchor !== undefined && !headings.some((heading) => anchorOf(heading) === anchor);
    });
    expect(broken).toEqual([]);
  });

  test('and every page is in the index', () => {
    const index = read('docs/README.md');
    const missing = PAGES.filter((page) => page !== 'docs/README.md' && !index.includes(`](${page.slice(5)})`));
    expect(missing).toEqual([]);
  });
});

describe('guarantees.md', () => {
  const text = read(GUARANTEES);

  test('names tests that exist, by their whole text', () => {
    const named = [...text.matchAll(/\]\((?<file>[^)]+\.test\.ts)\) “(?<title>[^”]+)”/gu)].map(({ groups }) => groups!);
    const missing = named.filter(({ file, title }) => {
      const source = read(join(dirname(GUARANTEES), file!));
      return !["'", '`', '"'].some((quote) => source.includes(`${quote}${title}${quote}`));
    });
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(40);
  });

  test('names mutants that exist', () => {
    const mutants = new Set((JSON.parse(read('mutants.json')) as { name: string }[]).map(({ name }) => name));
    const named = [...text.matchAll(/`(?<name>cache-core\/[a-z0-9-]+)`/gu)].map(({ groups }) => groups!.name!);
    expect(named.filter((name) => !mutants.has(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });
});

describe('every sample', () => {
  // Inside a package that depends on all of them, so that they are found under their names, from source.
  const temp = 'packages/livekit/temp';
  let folder: string;
  beforeAll(() => {
    mkdirSync(temp, { recursive: true });
    folder = mkdtempSync(join(temp, 'samples-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('type-checks on its own', () => {
    let count = 0;
    for (const page of [...PAGES, 'packages/cache-core/README.md']) {
      // Blank lines in place of the text, so that an error has the line number of the page.
      let index = 0;
      for (const sample of read(page).matchAll(/^```ts\n(?<code>.*?)^```$/gmsu)) {
        const before = read(page).slice(0, sample.index).split('\n').length;
        const name = `${page.replaceAll('/', '+').slice(0, -3)}.${++index}.ts`;
        writeFileSync(join(folder, name), `${'\n'.repeat(before)}${sample.groups!.code!}export {};\n`);
        count++;
      }
    }
    const config = {
      extends: '../../../../tsconfig.json',
      compilerOptions: { noUnusedLocals: true },
      include: ['*.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const { status, stdout } = spawnSync('node_modules/.bin/tsc', ['-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
    expect(count).toBeGreaterThan(10);
  });
});
