import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Players that most systems have one of, with the arguments that make them play a file and end. */
const PLAYERS: readonly (readonly [string, ...string[]])[] = [
  ['afplay'],
  ['paplay'],
  ['aplay', '-q'],
  ['ffplay', '-nodisp', '-autoexit', '-loglevel', 'error'],
];

/** Plays a WAV file with whatever player there is. @returns a line that says what was done; without a player, where the file is. */
export async function play(name: string, wav: Uint8Array): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'warmline-play-')), `${name}.wav`);
  await writeFile(file, wav, { mode: 0o600 });
  for (const [player, ...args] of PLAYERS)
    if (await runs(player, [...args, file])) return `played ${name} with ${player}`;
  return `no player found; the audio is in ${file}`;
}

function runs(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
