import type { RedisServer } from './redis-server.ts';

// Between keys that are too small, a loading server would seldom look at its connections.
const FILLERS = 200;
const FILLER_BYTES = 2_048;
/** Where they are in nobody's way. */
const FILLER_DATABASE = 15;

/** Saves all its data. @returns arguments with which the server takes about so long to load it, and answers meanwhile. */
export async function slowLoading(server: RedisServer, forMs: number): Promise<string[]> {
  const fill = `redis.call('SELECT', ${FILLER_DATABASE}) for i = 1, ${FILLERS} do redis.call('SET', i, ARGV[1]) end`;
  await server.command('EVAL', fill, 0, 'x'.repeat(FILLER_BYTES));
  await server.command('SAVE');
  const spaces = String(await server.command('INFO', 'keyspace')).matchAll(/keys=(\d+)/g);
  const keys = [...spaces].reduce((sum, [, each]) => sum + Number(each), 0);
  const perKeyUs = Math.max(1, Math.round((forMs * 1_000) / keys));
  // It answers each time when it has read this many bytes; by default, that is more than a test writes.
  const often = ['--loading-process-events-interval-bytes', '1024', '--rdbcompression', 'no'];
  return ['--key-load-delay', `${perKeyUs}`, ...often];
}
