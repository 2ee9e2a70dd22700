import { expect, test } from 'vitest';
import { RedisError } from '../errors.ts';
import { CacheFault, codeOf, faultOf } from './fault.ts';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'set', args: ['secret'] } });
}

test.each([
  [reply('OOM command not allowed'), 'refused', 'OOM'],
  [reply('WRONGTYPE Operation against a key'), 'wrong-type', 'WRONGTYPE'],
  [reply("ERR unknown command 'UNLINK', with args beginning with: 'user:secret'"), 'refused', 'ERR'],
  [reply('secret told by a script'), 'refused', undefined],
  [new RedisError('ERR_REDIS_BUSY', ''), 'busy', undefined],
  [new RedisError('ERR_REDIS_CLOSED', ''), 'closed', undefined],
  [new RedisError('ERR_REDIS_TIMEOUT', ''), 'timeout', undefined],
  [new RedisError('ERR_REDIS_UNAVAILABLE', ''), 'unavailable', undefined],
  [
    new RedisError('ERR_REDIS_UNAVAILABLE', '', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
    'unavailable',
    'ECONNREFUSED',
  ],
  [Object.assign(new Error('secret'), { code: 'a secret' }), 'unavailable', undefined],
  ['no error at all', 'unavailable', undefined],
  [new CacheFault('corrupt'), 'corrupt', undefined],
])('%s', (error, fault, code) => {
  const found = faultOf(error);
  expect({ fault: found.fault, code: found.code }).toEqual({ fault, code });
  expect(`${found.message} ${codeOf(error)}`).not.toContain('secret');
});
