import { ConvexError } from 'convex/values';
import { expect, test } from 'vitest';
import { withoutSecret } from './convex-access.ts';

const SECRET = 'a "secret"';

test('an error without the secret is the same error, whatever its data', () => {
  for (const error of [new Error('down'), new ConvexError({ code: 'unauthorized', at: 1n }), 'text']) {
    expect(withoutSecret(error, SECRET)).toBe(error);
  }
});

test.each([
  [new Error(`no: ${SECRET}`), 'no: [secret]'],
  [new Error(`no: ${JSON.stringify({ secret: SECRET })}`), 'no: {"secret":"[secret]"}'],
  [new ConvexError({ code: 'no', args: { secret: SECRET } }), expect.stringContaining('"[secret]"')],
  [SECRET, 'an error that names the secret'],
])('the secret is taken out of %o', (error, message) => {
  expect(withoutSecret(error, SECRET)).toMatchObject({ message });
});
