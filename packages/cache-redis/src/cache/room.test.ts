import { expect, test } from 'vitest';
import { CacheFault } from './fault.ts';
import { Room } from './room.ts';

test('writes enter in the order they came, as many as fit', async () => {
  const room = new Room();
  const order: number[] = [];
  const enter = (bytes: number, name: number): Promise<void> =>
    (room.enter(bytes) ?? Promise.resolve()).then(() => void order.push(name));
  const all = [enter(400_000, 1), enter(200_000, 2), enter(100, 3), enter(300_000, 4)];
  await all[0];
  expect(order).toEqual([1]);
  room.leave(400_000);
  await Promise.all(all);
  expect(order).toEqual([1, 2, 3, 4]);
});

test('one that is larger than the room goes alone', async () => {
  const room = new Room();
  expect(room.enter(8_000_000)).toBeUndefined();
  const next = room.enter(1);
  expect(next).toBeInstanceOf(Promise);
  room.leave(8_000_000);
  await next;
  const large = room.enter(9_000_000);
  expect(large).toBeInstanceOf(Promise);
  room.leave(1);
  await large;
});

test('what waits is bounded, in number and bytes', () => {
  const room = new Room();
  void room.enter(600_000);
  for (let i = 0; i < 10_000; i++) void room.enter(1);
  expect(() => room.enter(1)).toThrow(CacheFault);
  const other = new Room();
  void other.enter(600_000);
  for (let i = 0; i < 8; i++) void other.enter(8 * 2 ** 20);
  expect(() => other.enter(1)).toThrow('busy');
});
