import { ConvexError } from 'convex/values';
import { makeFunctionReference } from 'convex/server';
import { afterEach, expect, test } from 'vitest';
import { backend, modules, secret } from './backend.fixture.ts';

interface Registered {
  readonly isPublic?: boolean;
  readonly isQuery?: boolean;
  readonly isMutation?: boolean;
  readonly exportArgs: () => string;
  readonly exportReturns: () => string;
}

type Json = { type: string; value?: unknown; optional?: boolean } & Record<string, unknown>;

const functions = (
  await Promise.all(
    Object.entries(modules).map(async ([path, load]) =>
      Object.entries(await load()).map(
        ([name, value]) => [`${path.slice(2, -3)}:${name}`, value as Registered] as const,
      ),
    ),
  )
)
  .flat()
  .filter(([, value]) => typeof value === 'function' && 'exportArgs' in value);
const publicOnes = functions.filter(([, { isPublic }]) => isPublic);

afterEach(() => {
  process.env['WARMLINE_SERVICE_SECRET'] = secret;
});

test('what is public', () => {
  expect(publicOnes.map(([name]) => name)).toMatchInlineSnapshot(`
    [
      "agents:get",
      "agents:listTop",
      "agents:create",
      "agents:update",
      "agents:remove",
      "agents:savePrompt",
      "agents:rebuildAllPrompts",
      "agents:rebuildPromptsForOrganization",
      "feed:changes",
      "feed:probe",
      "knowledge:createBase",
      "knowledge:addDocument",
      "knowledge:removeDocument",
      "knowledge:removeBase",
      "knowledge:search",
      "organizations:create",
    ]
  `);
});

test('arguments and results of every function are declared', () => {
  expect(functions.length).toBeGreaterThan(publicOnes.length);
  const undeclared = functions.filter(
    ([, { exportArgs, exportReturns }]) =>
      JSON.parse(exportArgs()).type !== 'object' || JSON.parse(exportReturns()) === null,
  );
  expect(undeclared).toEqual([]);
});

test.each(publicOnes)('%s refuses who does not know the secret, and says nothing else', async (name, registered) => {
  const args = sample(JSON.parse(registered.exportArgs()) as Json) as Record<string, unknown>;
  for (const given of [
    { secret: 'wrong' },
    { secret: '' },
    { secret: `${secret}x` },
    { secret: secret.slice(1) },
    {},
  ]) {
    expect(await refusal(name, registered, { ...args, ...given })).toEqual({ code: 'unauthorized' });
  }
  expect(await refusal(name, registered, { ...args, secret })).not.toEqual({ code: 'unauthorized' });
});

test.each(publicOnes)('%s refuses everyone where no secret is set', async (name, registered) => {
  const args = sample(JSON.parse(registered.exportArgs()) as Json) as Record<string, unknown>;
  for (const set of [undefined, '']) {
    if (set === undefined) delete process.env['WARMLINE_SERVICE_SECRET'];
    else process.env['WARMLINE_SERVICE_SECRET'] = set;
    for (const given of [{ secret }, { secret: '' }, { secret: 'undefined' }, {}]) {
      expect(await refusal(name, registered, { ...args, ...given })).toEqual({ code: 'unauthorized' });
    }
  }
});

/** The data of the ConvexError that a call ends in; `undefined` when it ends otherwise. */
async function refusal(
  name: string,
  { isQuery, isMutation }: Registered,
  args: Record<string, unknown>,
): Promise<unknown> {
  const t = backend();
  try {
    if (isQuery) await t.query(makeFunctionReference<'query'>(name), args);
    else if (isMutation) await t.mutation(makeFunctionReference<'mutation'>(name), args);
    else await t.action(makeFunctionReference<'action'>(name), args);
  } catch (error) {
    if (error instanceof ConvexError) return error.data;
    throw error;
  }
}

/** A value that passes a validator, given as Convex exports it; without what is optional. */
function sample({ type, value }: Json): unknown {
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(value as Record<string, { fieldType: Json; optional: boolean }>)
          .filter(([, { optional }]) => !optional)
          .map(([name, { fieldType }]) => [name, sample(fieldType)]),
      );
    case 'string':
      return 'x';
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    default:
      throw new TypeError(`an argument of type ${type}: allowed are those above; add it`);
  }
}
