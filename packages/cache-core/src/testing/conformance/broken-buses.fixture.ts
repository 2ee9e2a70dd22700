import type { Bus } from '../../contracts/bus.ts';
import type { Invalidation } from '../../contracts/invalidation.ts';
import { MemoryBus } from '../../memory-bus.ts';
import type { BusSubject } from './bus-conformance.ts';

/** A bus in memory with the hooks that the checks of failures need. */
export function memoryBusSubject(
  change: (bus: Bus) => Bus = (bus) => bus,
): BusSubject & { readonly memory: MemoryBus } {
  const memory = new MemoryBus();
  let refuses = false;
  const bus = change({
    publish: async (invalidation) => {
      if (refuses) throw new Error('refused');
      await memory.publish(invalidation);
    },
    subscribe: (...listeners) => memory.subscribe(...listeners),
  });
  return {
    memory,
    bus,
    another: async () => ({
      publish: (message) => bus.publish(message),
      subscribe: (...asked) => bus.subscribe(...asked),
    }),
    gap: () => memory.gap(),
    refuse: () => void (refuses = true),
    close: async () => {},
  };
}

/** A bus with one defect, and the name of one check that must find it. */
export type BrokenBus = readonly [defect: string, caughtBy: string, make: () => BusSubject];

type OnMessage = (invalidation: Invalidation) => void;

/** Changes what reaches every subscriber. */
function hearing(change: (onMessage: OnMessage) => OnMessage): () => BusSubject {
  return () =>
    memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: (onMessage, onGap) => bus.subscribe(change(onMessage), onGap),
    }));
}

function publishing(change: (bus: Bus, message: Invalidation) => Promise<void>): () => BusSubject {
  return () =>
    memoryBusSubject((bus) => ({
      publish: (message) => change(bus, message),
      subscribe: (...listeners) => bus.subscribe(...listeners),
    }));
}

const EVERY = 'the bus > every subscriber gets every message as it was, once and in order';
const ENDED = 'the bus > a subscription that has ended hears nothing more, and the others go on';
const GAP = 'the bus > a gap is told to every subscriber, who then hear on';
const ACCEPTED = 'the bus > publish resolves once the message is accepted, and rejects when it is not';

/** Every defect over {@link MemoryBus}. */
export const BROKEN_BUSES: readonly BrokenBus[] = [
  ['every tenth message is lost', EVERY, hearing((onMessage) => {
    let count = 0;
    return (message) => (++count % 10 === 0 ? undefined : onMessage(message));
  })],
  ['messages come twice', EVERY, hearing((onMessage) => (message) => (onMessage(message), onMessage(message)))],
  ['pairs of messages are swapped', EVERY, hearing((onMessage) => {
    let held: Invalidation | undefined;
    return (message) => {
      if (held === undefined) held = message;
      else {
        onMessage(message);
        onMessage(held);
        held = undefined;
      }
    };
  })],
  ['soft is lost on the way', EVERY, hearing((onMessage) => (message) => onMessage({ ...message, soft: false }))],
  ['the origin is lost on the way', EVERY, hearing((onMessage) => (message) => onMessage({ ...message, origin: 'lost' }))],
  ['a publisher does not hear itself', EVERY, () => {
    const subject = memoryBusSubject();
    const side = (): Bus => {
      const own = new Set<Invalidation>();
      return {
        publish: (message) => subject.bus.publish((own.add(message), message)),
        subscribe: (onMessage, onGap) =>
          subject.bus.subscribe((message) => (own.has(message) ? undefined : onMessage(message)), onGap),
      };
    };
    return { ...subject, bus: side(), another: async () => side() };
  }],
  ['the second connection hears nothing', EVERY, () => ({ ...memoryBusSubject(), another: async () => new MemoryBus() })],
  ['a new subscriber takes the place of the last', EVERY, () => {
    let end: (() => Promise<void>) | undefined;
    return memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: async (...listeners) => {
        await end?.();
        end = await bus.subscribe(...listeners);
        return end;
      },
    }));
  }],
  ['subscribers hear in different orders', 'the bus > messages of the same moment reach all in one order', () => {
    let subscribers = 0;
    return memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: (onMessage, onGap) => {
        const turned = subscribers++ % 2 === 1;
        let heard: Invalidation[] = [];
        const flush = (): void => {
          for (const message of turned ? heard.toReversed() : heard) onMessage(message);
          heard = [];
        };
        return bus.subscribe((message) => {
          if (heard.push(message) === 1) setImmediate(flush);
        }, onGap);
      },
    }));
  }],
  ['an ended subscription hears on', ENDED, () =>
    memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: async (...listeners) => {
        await bus.subscribe(...listeners);
        return async () => {};
      },
    }))],
  ['a gap at every message', EVERY, () =>
    memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: (onMessage, onGap) => bus.subscribe((message) => (onGap(), onMessage(message)), onGap),
    }))],
  ['a gap is not told', GAP, () =>
    memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: (onMessage) => bus.subscribe(onMessage, () => {}),
    }))],
  ['nothing is heard after a gap', GAP, () =>
    memoryBusSubject((bus) => ({
      publish: (message) => bus.publish(message),
      subscribe: (onMessage, onGap) => {
        let deaf = false;
        return bus.subscribe(
          (message) => (deaf ? undefined : onMessage(message)),
          () => ((deaf = true), onGap()),
        );
      },
    }))],
  ['publish hangs', ACCEPTED, publishing(async (bus, message) => {
    await bus.publish(message);
    return new Promise(() => {});
  })],
  ['publish resolves although it was refused', ACCEPTED, publishing((bus, message) => bus.publish(message).catch(() => {}))],
  ['publish hangs when it is refused', ACCEPTED, publishing((bus, message) => bus.publish(message).catch(() => new Promise(() => {})))],
]; // prettier-ignore
