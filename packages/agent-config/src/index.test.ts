import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Loads an entry in a process in which there is no Convex. */
async function loadWithoutConvex(entry: string): Promise<string> {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(name, context, next) {
        if (name === 'convex' || name.startsWith('convex/')) throw new Error('there is no ' + name);
        return next(name, context);
      },
    });
    const entry = await import(${JSON.stringify(fileURLToPath(new URL(entry, import.meta.url)))});
    console.log(Object.keys(entry).toSorted().join(' '));
  `;
  const flags = ['--conditions=@warmline/source', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return stdout.trim();
}

test('workers whose agents are elsewhere need no Convex', async () => {
  expect(await loadWithoutConvex('./index.ts')).toBe(
    'AgentConfigError AgentConfigService FeedWatcher PROMPT_VERSION buildPrompt',
  );
  await expect(loadWithoutConvex('./convex-client/index.ts')).rejects.toThrow('there is no convex/');
});
