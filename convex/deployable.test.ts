import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

interface Esbuild {
  readonly build: (options: object) => Promise<{
    warnings: unknown[];
    outputFiles: { path: string; text: string }[];
    metafile: { inputs: object; outputs: Record<string, { imports: { path: string; external?: boolean }[] }> };
  }>;
}

/** That of Convex, whose settings these are too: `innerEsbuild` in its `src/bundler/debugBundle.ts`. */
const { build } = createRequire(createRequire(import.meta.url).resolve('convex/package.json'))('esbuild') as Esbuild;

test('Convex can bundle the functions: they need nothing of Node and nothing that is not in the bundle', async () => {
  const modules = readdirSync(import.meta.dirname).filter((file) => /^[^.]+\.ts$/.test(file));
  const { warnings, outputFiles, metafile } = await build({
    entryPoints: modules.map((file) => join(import.meta.dirname, file)),
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'esnext',
    outdir: 'out',
    outbase: import.meta.dirname,
    // Convex reads what was built; the source is the same, and always there.
    conditions: ['convex', 'module', '@warmline/source'],
    write: false,
    splitting: true,
    chunkNames: '_deps/[hash]',
    treeShaking: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    keepNames: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    metafile: true,
  });
  expect(warnings).toEqual([]);
  const bundled = outputFiles.map(({ path }) => relative('out', path));
  expect(bundled).toEqual(expect.arrayContaining(modules.map((file) => file.replace('.ts', '.js'))));
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external))).toEqual(
    [],
  );
  expect(Object.keys(metafile.inputs).filter((path) => /node_modules\/(?!\.pnpm\/)(?!convex\/)/.test(path))).toEqual(
    [],
  );
});

test('their names are ones that Convex takes', () => {
  const modules = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts'));
  for (const file of modules) expect(file).toMatch(/^[A-Za-z0-9_.]+$/);
});
