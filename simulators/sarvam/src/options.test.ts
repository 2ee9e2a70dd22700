import { describe, expect, it } from 'vitest';
import { resolveOptions } from './options.ts';

describe('options', () => {
  it('have the documented defaults', () => {
    expect(resolveOptions({})).toEqual({
      port: 0,
      host: '127.0.0.1',
      apiKeys: ['test-key'],
      maxConnections: 30,
      requestsPerMinute: 0,
      idleTimeoutMs: 60_000,
      idleCloseCode: 1000,
      wsPingResetsIdle: false,
      speed: 1,
      seed: 1,
      leadSilenceMs: 20,
      tailSilenceMs: 40,
      betaAccess: true,
    });
  });

  it('are refused by name and value', () => {
    expect(() => resolveOptions({ port: 70_000 })).toThrow(/port: .*<=65535 \(received 70000\)/u);
    expect(() => resolveOptions({ speed: -1 })).toThrow(/speed: .*>=0 \(received -1\)/u);
    expect(resolveOptions({ realTimeFactor: 0.02 }).realTimeFactor).toBe(0.02);
    expect(() => resolveOptions({ realTimeFactor: -1 })).toThrow(/realTimeFactor: /u);
    expect(() => resolveOptions({ sped: 1 } as never)).toThrow(TypeError);
  });
});
