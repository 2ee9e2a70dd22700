import { AudioFrame } from '@livekit/rtc-node';
import { FakeClock } from '@warmline/cache-core/testing';
import { expect, test } from 'vitest';
import { admitPhrase } from './admission.ts';
import { FakeTts } from './fake-tts.fixture.ts';
import type { Observation } from './observation.ts';
import { ObservedPace } from './observed-pace.ts';
import { ObservedReply } from './observed-reply.ts';

const RATE = 8000;

function setUp(words = false) {
  const clock = new FakeClock(1000);
  const seen: Observation[] = [];
  const inner = new FakeTts({ words });
  const pace = new ObservedPace();
  const observer = { inner, voice: { speaker: 'asha' }, agent: undefined, admit: admitPhrase, clock, pace, call: 'c' };
  const emit = (each: Observation) => void seen.push(each);
  const open = () => new ObservedReply({ ...observer, emit }, 0);
  /** Moments of the clock: wall time moves with it. */
  const times = () =>
    seen.splice(0).map(({ text, startedAtMs, wouldBeStoredAtMs, firstAudioMs, interruption }) => ({
      text,
      from: Math.round(startedAtMs - performance.timeOrigin),
      stored: wouldBeStoredAtMs && Math.round(wouldBeStoredAtMs - performance.timeOrigin),
      first: firstAudioMs,
      spoken: interruption?.spokenChars,
    }));
  return { clock, open, times, pace };
}

const audio = (ms: number, channels = 1) => {
  const frame = new AudioFrame(new Int16Array((RATE / 1000) * ms * channels), RATE, channels, (RATE / 1000) * ms);
  return { requestId: 'r', segmentId: 's', frame, final: false };
};

test('sentences of a reply share its audio by length; each is looked for when the one before the last is whole', async () => {
  const { clock, open, times } = setUp();
  const reply = open();
  reply.push('Ten chars. And');
  await clock.advance(100);
  reply.push(' twenty characters. Ten again.');
  reply.flush();
  for (let heard = 0; heard < 5; heard++) {
    await clock.advance(50);
    reply.hear(audio(840, 2));
  }
  await clock.advance(7);
  reply.settle('whole');
  // 43 characters, 4,200 ms: 10 take until 977 ms, 33 until 3,223.
  expect(times()).toEqual([
    { text: 'Ten chars.', from: 1000, stored: 1200, first: 150, spoken: undefined },
    { text: 'And twenty characters.', from: 1100, stored: 1300, first: undefined, spoken: undefined },
    { text: 'Ten again.', from: 1200, stored: 1350, first: undefined, spoken: undefined },
  ]);
});

test('a provider that begins before the sentence is complete is not waited for', async () => {
  const { clock, open, times } = setUp();
  const reply = open();
  reply.push('Welcome');
  reply.hear(audio(100));
  await clock.advance(10);
  reply.push('.');
  reply.settle('whole');
  expect(times()).toMatchObject([{ text: 'Welcome.', from: 1010, first: 0 }]);
});

test('an interrupted reply is measured by the pace of whole ones', async () => {
  const { open, times, pace } = setUp();
  expect(pace.msPerChar).toBeCloseTo(1000 / 15);
  const slow = open();
  slow.push('Ten chars.');
  slow.hear(audio(2000));
  slow.settle('whole');
  times();
  expect(pace.msPerChar).toBeCloseTo(200);
  const cut = open();
  cut.push('Ten chars. Ten again. Not heard. ');
  cut.flush();
  cut.hear(audio(1900, 2));
  cut.hear(audio(200));
  cut.settle('interrupted');
  expect(times()).toMatchObject([
    { text: 'Ten chars.', stored: 1000, spoken: 10 },
    { text: 'Ten again.', stored: undefined, spoken: 10 },
    { text: 'Not heard.', stored: undefined, spoken: 10 },
  ]);
  expect(pace.msPerChar).toBeCloseTo(200);
});

test('where cachedTts speaks runs, a run is stored at its end or not at all', async () => {
  const { clock, open, times } = setUp(true);
  const whole = open();
  whole.push('Ten chars. Ten again.');
  whole.flush();
  whole.hear(audio(1000));
  await clock.advance(50);
  whole.hear(audio(1000));
  whole.settle('whole');
  expect(times()).toMatchObject([{ stored: 1050 }, { stored: 1050 }]);
  const cut = open();
  cut.push('Ten chars. Ten again. Not heard.');
  cut.hear(audio(2500));
  cut.settle('interrupted');
  expect(times()).toMatchObject([{ stored: undefined }, { stored: undefined }]);
});

test('a reply without audio, or without anything to say, tells nothing', () => {
  const { open, times } = setUp();
  const mute = open();
  mute.push('Welcome.');
  mute.hear(audio(0));
  mute.settle('whole');
  const empty = open();
  empty.hear(audio(100));
  empty.settle('whole');
  expect(times()).toEqual([]);
});
