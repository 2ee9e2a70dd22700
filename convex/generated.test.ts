import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '..');

test('what is in _generated is what the Convex CLI makes of these functions', { timeout: 60_000 }, () => {
  const copy = mkdtempSync(join(tmpdir(), 'warmline-convex-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  cpSync(import.meta.dirname, join(copy, 'convex'), {
    recursive: true,
    filter: (path) => !path.includes('_generated'),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const cli = join(root, 'node_modules/convex/bin/main.js');
  execFileSync(process.execPath, [cli, 'codegen', '--system-udfs', '--typecheck', 'disable'], {
    cwd: copy,
    stdio: 'pipe',
  });

  const made = files(join(copy, 'convex/_generated'));
  expect(Object.keys(made)).toEqual(['api.d.ts', 'api.js', 'dataModel.d.ts', 'server.d.ts', 'server.js']);
  expect(files(join(import.meta.dirname, '_generated'))).toEqual(made);
});

function files(directory: string): Record<string, string> {
  const names = readdirSync(directory).toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}
