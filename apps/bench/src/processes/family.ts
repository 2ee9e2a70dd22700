import { table } from '../tables.ts';
import type { ChildOptions } from './child.ts';
import { Child } from './child.ts';
import type { Calls } from './messages.ts';

/** The processes of a scenario: none of them outlives it. */
export class Family {
  readonly #children: { readonly role: string; readonly child: Pick<Child<never>, 'pid' | 'isAlive' | 'close'> }[] = [];

  async start<C extends Calls<C>>(role: string, options: ChildOptions): Promise<Child<C>> {
    const child = await Child.start<C>(options);
    this.#children.push({ role, child });
    return child;
  }

  startMany<C extends Calls<C>>(count: number, role: string, options: ChildOptions): Promise<Child<C>[]> {
    return Promise.all(Array.from({ length: count }, () => this.start<C>(role, options)));
  }

  /** Pids by role, those of ended processes included. */
  pids(): Record<string, string> {
    const byRole = Map.groupBy(this.#children, ({ role }) => role);
    return Object.fromEntries([...byRole].map(([role, all]) => [role, all.map(({ child }) => child.pid).join(' ')]));
  }

  async close(): Promise<void> {
    const alive = this.#children.filter(({ child }) => child.isAlive);
    await Promise.all(alive.map(({ child }) => child.close()));
  }
}

const PIDS_SHOWN = 12;

/** Who took part, and where the files were. */
export function processTable(
  pids: Readonly<Record<string, string>>,
  directories: Readonly<Record<string, string>>,
): string {
  const rows = Object.entries({ bench: `${process.pid}`, ...pids }).map(([role, text]) => {
    const all = text.split(' ');
    const more = all.length > PIDS_SHOWN ? ` … ${all.length - PIDS_SHOWN} more in the JSON` : '';
    return [`pid ${role}`, `${all.slice(0, PIDS_SHOWN).join(' ')}${more}`];
  });
  return table(['', ''], [...rows, ...Object.entries(directories).map(([what, path]) => [`directory ${what}`, path])]);
}
