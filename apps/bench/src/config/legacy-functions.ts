import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** The name of the mutation that is added. */
export const DROP_PROMPTS = 'legacy:dropPrompts';

/** Agents as they were before prompts were stored with them: what a migration finds. */
const LEGACY = `import { v } from 'convex/values';
import { internalMutation } from './_generated/server.js';

export const dropPrompts = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const old = { fullPrompt: undefined, promptVersion: undefined };
    for (const { _id } of await ctx.db.query('agents').collect()) await ctx.db.patch('agents', _id, old);
    return null;
  },
});
`;

/** A copy of the repository's functions, unchanged, and one mutation more. @returns its folder. */
export async function legacyFunctions(folder: string): Promise<string> {
  const project = join(folder, 'legacy');
  const functions = join(project, 'convex');
  await mkdir(project);
  await symlink(join(REPOSITORY, 'node_modules'), join(project, 'node_modules'));
  await cp(join(REPOSITORY, 'convex'), functions, { recursive: true });
  await writeFile(join(functions, 'legacy.ts'), LEGACY);
  return functions;
}
