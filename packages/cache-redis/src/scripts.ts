import { createHash } from 'node:crypto';
import { isReply } from './errors.ts';
import type { Argument, Link } from './link.ts';

/** A script that servers keep by its digest. */
export interface Script {
  readonly source: string;
  readonly digest: string;
}

function script(source: string): Script {
  return { source, digest: createHash('sha1').update(source).digest('hex') };
}

/**
 * Creates the stamps that an entry lacks, tries its lease, and returns what is stored: `[lease, value, stamp…]`, where lease is
 * 0 not asked for, 1 given, 2 held by another. A lease names the stamps it was given under: what voids them ends it.
 *
 * KEYS value, lease, stamps…   ARGV least life of stamps ms, lease ms (0 none), token, longest value, new stamps…
 */
export const BEGIN: Script = script(`
local life = tonumber(ARGV[1])
local stamps = {}
for i = 3, #KEYS do
  local stamp = redis.call('GET', KEYS[i])
  if not stamp or #stamp ~= 8 then
    stamp = ARGV[i + 2]
    redis.call('SET', KEYS[i], stamp, 'PX', 2 * life)
  elseif redis.call('PTTL', KEYS[i]) < life then
    redis.call('PEXPIRE', KEYS[i], 2 * life)
  end
  stamps[#stamps + 1] = stamp
end
local lease = 0
if ARGV[2] ~= '0' then
  local under = table.concat(stamps)
  local held = redis.call('GET', KEYS[2])
  if held and string.sub(held, 17) == under then
    lease = 2
  else
    redis.call('SET', KEYS[2], ARGV[3] .. under, 'PX', ARGV[2])
    lease = 1
  end
end
return { lease, redis.call('GETRANGE', KEYS[1], 0, ARGV[4]), unpack(stamps) }
`);

/** Gives a lease back, if it is still the same. KEYS lease   ARGV token */
export const RELEASE: Script = script(`
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 16) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

/** Puts in each stamp's place its softened successor (see \`softenedStamp\` of cache-core); stamps are big endian. KEYS stamps… */
export const SOFTEN: Script = script(`
for _, key in ipairs(KEYS) do
  local stamp = redis.call('GET', key)
  if stamp then
    local generation = #stamp == 8 and string.byte(stamp, 7) * 256 + string.byte(stamp, 8) + 1 or 65536
    if generation > 65535 then
      redis.call('DEL', key)
    else
      local low = generation % 256
      redis.call('SET', key, string.sub(stamp, 1, 6) .. string.char((generation - low) / 256, low), 'KEEPTTL')
    end
  end
end
return 1
`);

/** Runs a script by its digest; a server that does not know it is told its source. */
export async function runScript(
  link: Link,
  { digest, source }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await link.call('EVALSHA', [digest, keys.length, ...keys, ...args]);
  } catch (error) {
    if (!isReply(error, 'NOSCRIPT')) throw error;
    return link.call('EVAL', [source, keys.length, ...keys, ...args]);
  }
}
