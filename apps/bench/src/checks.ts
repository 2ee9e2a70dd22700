import type { Check } from './scenario.ts';

/** @param of what was looked at: a zero without a denominator says nothing. */
export function none(name: string, found: number, of: string): Check {
  return { name, holds: found === 0, detail: `${found} ${of}` };
}

export function atLeast(name: string, found: number, wanted: number): Check {
  return { name, holds: found >= wanted, detail: `${found}, at least ${wanted}` };
}

export function exactly(name: string, found: number, wanted: number, of = ''): Check {
  return { name, holds: found === wanted, detail: `${found}, exactly ${wanted}${of === '' ? '' : ` ${of}`}` };
}
