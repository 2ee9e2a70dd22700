import { hash } from 'node:crypto';
import type { Script } from '../scripts.ts';

function script(source: string): Script {
  return { source, digest: hash('sha1', source, 'hex') };
}

/** Only its holder prolongs a lock. KEYS lock   ARGV token, ms */
export const RENEW: Script = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`);

/** Only its holder ends a lock. KEYS lock   ARGV token */
export const UNLOCK: Script = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);
