import { expect, test } from 'vitest';
import { seededRandom } from '@warmline/cache-core/testing';
import { CommandReader } from './command-reader.ts';

function resp(...args: readonly (string | Buffer)[]): Buffer {
  const parts = args.map((arg) => [`$${Buffer.byteLength(arg)}\r\n`, arg, '\r\n'].map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts.flat()]);
}

function namesIn(pieces: Iterable<Buffer>): string[] {
  const names: string[] = [];
  const reader = new CommandReader((name) => names.push(name));
  for (const piece of pieces) reader.read(piece);
  return names;
}

// Payloads that look like commands, are empty, and are larger than what a socket hands over.
const stream = Buffer.concat([
  resp('HELLO', '3'),
  resp('set', 'key', '*1\r\n$4\r\nPING\r\n'),
  resp('SET', '', ''),
  resp('SETEX', 'large', '10', Buffer.alloc(150_000, '*1\r\n$4\r\nQUIT\r\n')),
  Buffer.from('PING\r\n\r\ninline  with arguments\r\n'),
  Buffer.from('*0\r\n'),
  resp('GET', 'key'),
]);
const names = ['HELLO', 'SET', 'SET', 'SETEX', 'PING', 'INLINE', 'GET'];

test('commands are found in a stream that comes whole', () => {
  expect(namesIn([stream])).toEqual(names);
});

test('commands are found in a stream that comes byte by byte', () => {
  expect(namesIn(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(names);
});

test('commands are found in a stream that comes in pieces of any size', () => {
  const random = seededRandom(7);
  for (let run = 0; run < 200; run++) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < stream.length; at += pieces.at(-1)!.length) {
      const most = random() < 0.9 ? 20 : 70_000;
      pieces.push(stream.subarray(at, at + 1 + Math.floor(random() * most)));
    }
    expect(namesIn(pieces)).toEqual(names);
  }
});

test('a command counts as soon as its name is there', () => {
  expect(namesIn([Buffer.from('*2\r\n$3\r\nGET\r')])).toEqual([]);
  expect(namesIn([Buffer.from('*2\r\n$3\r\nGET\r\n$1')])).toEqual(['GET']);
});

test('after something that is no RESP, later commands are found', () => {
  expect(namesIn([Buffer.from('*2\r\n$3\r\nGET\r\n?\r\n'), Buffer.from('$1\r\na\r\n'), resp('PING')])).toContain(
    'PING',
  );
});
