import { epochNow, sleep } from '../clock.ts';
import { faultErrorFrame } from '../faults/error-shape.ts';
import type { FaultSpecs, Position } from '../faults/fault-specs.ts';
import type { SpeechFaults } from '../faults/speech-faults.ts';
import { audioFrame } from './frames.ts';
import type { Speech } from './speech.ts';
import type { Wire } from './wire.ts';

type PositionedFault = 'non_json_frame' | 'empty_audio' | 'stall' | 'error_frame' | 'close' | 'cut';

/** Strikes with each fault whose place is reached after `chunks` audio messages. Returns the ms it stalled. */
export async function strike(speech: Speech, wire: Wire, chunks: number): Promise<number> {
  if (speech.begun === undefined) return 0;
  const { faults, record } = speech.begun;
  if (reached(faults, 'non_json_frame', chunks)) wire.send('this is not JSON {');
  if (reached(faults, 'empty_audio', chunks)) wire.send(audioFrame(record.requestId, 'audio/pcm', Buffer.alloc(0)));
  const stall = reached(faults, 'stall', chunks);
  const stalledMs = stall === undefined ? 0 : await hold(wire, stall.ms ?? Infinity);
  const error = reached(faults, 'error_frame', chunks);
  const close = reached(faults, 'close', chunks);
  const cut = reached(faults, 'cut', chunks);
  if (error ?? close ?? cut) {
    speech.failed = true;
    record.end(false);
  }
  if (error) wire.send(faultErrorFrame(record.requestId, error));
  if (error?.close !== undefined) wire.close(error.close);
  if (close) wire.close(close.code, close.reason);
  if (cut) wire.cut();
  return stalledMs;
}

/** Takes the fault out once its place is reached, so that it strikes once. */
function reached<N extends PositionedFault>(faults: SpeechFaults, name: N, chunks: number): FaultSpecs[N] | undefined {
  const fault: FaultSpecs[N] | undefined = faults[name];
  const position: Position | undefined = fault;
  if (fault === undefined || chunks < (position?.after_chunks ?? 0)) return undefined;
  delete faults[name];
  return fault;
}

async function hold(wire: Wire, ms: number): Promise<number> {
  const before = epochNow();
  wire.stalled = true;
  await sleep(ms, wire.signal);
  wire.stalled = false;
  return epochNow() - before;
}
