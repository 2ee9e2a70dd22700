import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const ENDINGS = ['.ts', '.js', '/index.ts', '/index.js'];

/**
 * Lets modules below `folder` import each other as Convex's bundler does, which Node does not: without an ending, and
 * with `.js` for a file that is `.ts`.
 */
export function resolveLikeConvex(folder: URL): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const isOurs = specifier.startsWith('.') && context.parentURL?.startsWith(folder.href);
      return nextResolve(isOurs ? (find(new URL(specifier, context.parentURL)) ?? specifier) : specifier, context);
    },
  });
}

function find(url: URL): string | undefined {
  if (isFile(url)) return undefined;
  const withoutJs = url.href.replace(/\.js$/u, '');
  return [...ENDINGS.map((ending) => url.href + ending), `${withoutJs}.ts`].find((href) => isFile(new URL(href)));
}

function isFile(url: URL): boolean {
  const path = fileURLToPath(url);
  return existsSync(path) && statSync(path).isFile();
}
