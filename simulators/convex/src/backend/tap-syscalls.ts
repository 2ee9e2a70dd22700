/** The three doors between a Convex function and its database; convex-test puts them on the global object. */
interface Syscalls {
  syscall(op: string, args: string): string;
  asyncSyscall(op: string, args: string): Promise<string>;
  jsSyscall(op: string, args: unknown): Promise<unknown>;
}

interface SyscallArgs {
  readonly table?: string;
  readonly id?: string;
  readonly query?: { readonly source: { readonly tableName?: string; readonly indexName?: string } };
}

/** What a database access tells. */
export interface SyscallWatch {
  read(table: string): void;
  write(table: string): void;
  /** A function schedules another; `call` does it. */
  schedule(call: () => Promise<string>): Promise<string>;
}

const READS = new Set(['1.0/get', '1.0/queryStream', '1.0/queryPage', '1.0/count']);
const WRITES = new Set(['1.0/insert', '1.0/shallowMerge', '1.0/replace', '1.0/remove']);
const SCHEDULES = new Set(['1.0/schedule', '1.0/actions/schedule']);

/** Watches every database access of the process from now on. convex-test has no hook of its own for it. */
export function tapSyscalls(watch: SyscallWatch): void {
  const host = globalThis as unknown as { Convex: Syscalls };
  const original = host.Convex;
  const observe = (op: string, args: string): void => {
    if (READS.has(op)) watch.read(tableOf(args));
    else if (WRITES.has(op)) watch.write(tableOf(args));
  };
  host.Convex = {
    syscall(op, args) {
      observe(op, args);
      return original.syscall(op, args);
    },
    asyncSyscall(op, args) {
      observe(op, args);
      const call = (): Promise<string> => original.asyncSyscall(op, args);
      return SCHEDULES.has(op) ? watch.schedule(call) : call();
    },
    jsSyscall: (op, args) => original.jsSyscall(op, args),
  };
}

function tableOf(json: string): string {
  const { table, id, query } = JSON.parse(json) as SyscallArgs;
  const { tableName, indexName } = query?.source ?? {};
  // Identifiers of convex-test are a number and the table's name.
  return table ?? tableName ?? indexName?.split('.')[0] ?? String(id).replace(/^\d+/u, '');
}
