import type { Change, ChangeListener } from '@warmline/agent-config';
import { expect, onTestFinished, test, vi } from 'vitest';
import { recordInMemory, watchChanges } from './change-watch.ts';

function changeOf(at: bigint, more: Partial<Change> = {}): Change {
  return { at, kind: 'agent', id: `a${at}`, organizationId: 'acme', deleted: false, ...more };
}

/** A watch of a feed whose commits the test hands over, for services that note what they are told. */
function setUp(beforeApply: () => Promise<void> = async () => {}) {
  const agents: unknown[] = [];
  const knowledge: unknown[] = [];
  const warmed: string[] = [];
  let listener: ChangeListener | undefined;
  const feed = {
    subscribe(given: ChangeListener) {
      listener = given;
      return { probe: async () => {}, close: async () => {} };
    },
  };
  const watching = watchChanges(feed, recordInMemory(), {
    agents: {
      async applyChange(change) {
        await beforeApply();
        agents.push(change);
      },
      async applyGap() {
        agents.push('all');
      },
      async warm(agentIds) {
        warmed.push(...agentIds);
        return { ready: 0, failed: 0 };
      },
    },
    knowledge: {
      async applyChange(change) {
        knowledge.push(change);
      },
      async applyGap() {
        knowledge.push('all');
      },
    },
  });
  onTestFinished(() => watching.close());
  const hand = (...changes: readonly Change[]): void => listener?.onWindow({ changes, isWhole: false });
  return { agents, knowledge, warmed, hand };
}

test('a gap doubts all agents and all knowledge; commits reach both, and agents that live are warmed', async () => {
  const { agents, knowledge, warmed, hand } = setUp();
  const first = changeOf(1n);
  hand(first);
  await vi.waitFor(() => expect([agents, knowledge]).toEqual([['all'], ['all']]));
  const changes = [changeOf(2n), changeOf(3n, { deleted: true }), changeOf(4n, { kind: 'knowledge' })];
  hand(first, ...changes);
  await vi.waitFor(() => expect(warmed.length).toBeGreaterThan(0));
  expect(agents).toEqual(['all', ...changes]);
  expect(knowledge).toEqual(['all', ...changes]);
  expect(warmed).toEqual(['a2']);
});

test('a commit that cannot be applied at first is applied again, and its agent is warmed then', async () => {
  let isBroken = true;
  const { agents, knowledge, warmed, hand } = setUp(async () => {
    if (!isBroken) return;
    isBroken = false;
    throw new Error('full');
  });
  hand(changeOf(1n));
  await vi.waitFor(() => expect(agents).toEqual(['all']));
  const change = changeOf(2n);
  hand(changeOf(1n), change);
  await vi.waitFor(() => expect(agents).toEqual(['all', change]));
  await vi.waitFor(() => expect(knowledge).toEqual(['all', change]));
  await vi.waitFor(() => expect(warmed).toEqual(['a2']));
});
