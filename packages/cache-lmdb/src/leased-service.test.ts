import { expect, test } from 'vitest';
import type { Child } from './machine.fixture.ts';
import { Machine, until } from './machine.fixture.ts';

const MEMBER = './keeper-member.fixture.ts';
/** The promise is two seconds; the rest is for a machine that does other things, too. */
const TAKE_OVER_MS = 5_000;

async function member(machine: Machine): Promise<Child> {
  const child = machine.start(MEMBER);
  expect(await child.ask('open', { directory: machine.directory })).toBe(true);
  return child;
}

const servicesOf = (child: Child): Promise<string[]> => child.ask('services');

async function untilStarted(child: Child, name: string): Promise<void> {
  await until(async () => (await servicesOf(child)).includes(`${name} started`), TAKE_OVER_MS, `${name} has started`);
}

test.concurrent('a service runs in one process of the machine; another takes it over when that one leaves, dies, or is stopped', async () => {
  await using machine = new Machine();
  const members = [await member(machine), await member(machine), await member(machine), await member(machine)];
  const [first, second, third, fourth] = members as [Child, Child, Child, Child];
  await first.ask('offer', 'watch');
  await untilStarted(first, 'watch');
  await second.ask('offer', 'watch');
  await first.ask('withdraw');
  expect(await servicesOf(first)).toEqual(['watch started', 'watch closed']);
  await untilStarted(second, 'watch');
  await third.ask('offer', 'watch');
  second.signal('SIGKILL');
  await untilStarted(third, 'watch');
  await fourth.ask('offer', 'watch');
  expect(await servicesOf(fourth)).toEqual([]);
  third.signal('SIGSTOP');
  await untilStarted(fourth, 'watch');
  third.signal('SIGCONT');
  await until(async () => (await servicesOf(third)).includes('watch closed'), TAKE_OVER_MS, 'the third has closed it');
});

test.concurrent('services of different names have nothing to do with each other, nor with who keeps the tier', async () => {
  await using machine = new Machine();
  const [keeper, one, other] = [await member(machine), await member(machine), await member(machine)];
  await keeper.ask('keep', {});
  await one.ask('offer', 'a');
  await other.ask('offer', 'b');
  await Promise.all([untilStarted(one, 'a'), untilStarted(other, 'b')]);
  expect(await servicesOf(keeper)).toEqual(['started']);
});
