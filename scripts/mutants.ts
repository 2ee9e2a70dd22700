/**
 * Proves that the tests can fail: applies each mutant of mutants.json to the source, runs the test that should notice,
 * and restores the source. A test must pass without the mutant, or its failure would prove nothing.
 * Usage: `pnpm run mutants [NAME…]`. Exits 1 if a mutant survives or no longer applies, 2 for an unknown name.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const mutantSchema = z.object({
  name: z.string(),
  /** What is no longer kept when the mutant is applied. */
  promise: z.string(),
  file: z.string(),
  find: z.string(),
  replace: z.string(),
  test: z.string(),
});

type Mutant = z.infer<typeof mutantSchema>;

const mutants = z.array(mutantSchema).parse(JSON.parse(await readFile('mutants.json', 'utf8')));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !mutants.some((mutant) => mutant.name === name));
if (unknown.length > 0) {
  console.error(`no mutant named ${unknown.join(', ')}; there are: ${mutants.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const broken = [...new Set(chosen.map(({ test }) => test))].filter((test) => !passes(test));
if (broken.length > 0) {
  console.error(`these tests fail without any mutant: ${broken.join(', ')}`);
  process.exit(1);
}

let survivors = 0;
for (const mutant of chosen) {
  const verdict = await tryMutant(mutant);
  if (verdict !== 'killed') survivors++;
  console.log(`${verdict.padEnd(14)} ${mutant.name} (${mutant.promise}) by ${mutant.test}`);
}
console.log(`${chosen.length - survivors} of ${chosen.length} mutants were killed.`);
process.exitCode = survivors === 0 ? 0 : 1;

async function tryMutant({ file, find, replace, test }: Mutant): Promise<string> {
  const original = await readFile(file, 'utf8');
  if (original.split(find).length !== 2) return 'does not apply';
  // An interrupted run must not leave a broken source behind.
  const onInterrupt = (): void => {
    writeFileSync(file, original);
    process.exit(130);
  };
  process.once('SIGINT', onInterrupt);
  try {
    writeFileSync(
      file,
      original.replace(find, () => replace),
    );
    return passes(test) ? 'SURVIVED' : 'killed';
  } finally {
    writeFileSync(file, original);
    process.off('SIGINT', onInterrupt);
  }
}

function passes(test: string): boolean {
  return spawnSync('vitest', ['run', '--project', 'unit', test], { encoding: 'utf8', timeout: 120_000 }).status === 0;
}
