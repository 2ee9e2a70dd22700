import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { hostInventory } from '../host-inventory.ts';
import { textTable } from '../observe/text-table.ts';
import { UsageError } from '../observe/usage-error.ts';
import { Warmer } from '../warmer.ts';
import type { ListedPhrase } from './inventory-view.ts';
import { findPhrases, listPhrases } from './inventory-view.ts';
import type { Machine, MachineFlags } from './machine.ts';
import { withMachine, withMachineOptions } from './machine.ts';
import { play } from './play.ts';
import type { CachedTts } from '@warmline/tts-cache';

/** What the options of all phrase commands are; each has only its own. */
interface PhraseFlags extends MachineFlags {
  readonly tts: string;
  readonly takes: number;
  readonly perMinute: number;
}

const USAGE = 2;

/** Adds `phrases list | play | export | drop | rerecord | warm`: the phrases that are kept ready on this machine. */
export function addPhrasesCommand(program: Command): void {
  const phrases = program.command('phrases').description('The phrases that are kept ready on this machine.');
  const add = (
    usage: string,
    description: string,
    run: (
      machine: Machine,
      names: readonly string[],
      flags: PhraseFlags,
      print: (line: string) => void,
      warn: (line: string) => void,
    ) => Promise<void>,
  ): Command => {
    const command = withMachineOptions(phrases.command(usage).description(description)).exitOverride();
    return command.action(async (...given: unknown[]) => {
      const [names, flags] = given.length === 2 ? [[], given[0]] : [[given[0]].flat(), given[1]];
      try {
        await withMachine(flags as PhraseFlags, (machine) =>
          run(
            machine,
            names as string[],
            flags as PhraseFlags,
            (line) => command.configureOutput().writeOut?.(`${line}\n`),
            (line) => command.configureOutput().writeErr?.(`${line}\n`),
          ),
        );
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        command.error(`phrases: ${error.message}`, { exitCode: USAGE });
      }
    });
  };

  add(
    'list',
    'Lists them: id, seconds, whether they are in the cache now, voice, text.',
    async (machine, _names, _flags, print) => {
      const rows = await Promise.all((await listPhrases(machine)).map((phrase) => rowOf(machine, phrase)));
      print(
        rows.length === 0
          ? `no phrases in scope '${machine.scope}'`
          : textTable([['id', 'seconds', 'cached', 'voice', 'text'], ...rows], true),
      );
    },
  );

  add('play <phrase...>', 'Plays phrases, by id or text.', async (machine, names, _flags, print) => {
    for (const phrase of await findPhrases(machine, names)) print(await play(phrase.id, await wavOf(machine, phrase)));
  });

  add(
    'export <dir>',
    'Writes all phrases as WAV files, and phrases.json beside them.',
    async (machine, [dir = '.'], _flags, print) => {
      await mkdir(dir, { recursive: true });
      const written: ListedPhrase[] = [];
      for (const phrase of await listPhrases(machine)) {
        if (!(await isCached(machine, phrase))) continue;
        await writeFile(join(dir, `${phrase.id}.wav`), await wavOf(machine, phrase));
        written.push(phrase);
      }
      await writeFile(join(dir, 'phrases.json'), `${JSON.stringify(written, undefined, 2)}\n`);
      print(`${written.length} phrases written to ${dir}`);
    },
  );

  add(
    'drop <phrase...>',
    'Forgets phrases, by id or text: they are spoken anew when they are needed.',
    async (machine, names, _flags, print) => {
      for (const { key, id, text } of await findPhrases(machine, names)) {
        await machine.phrases.delete(key);
        await hostInventory(machine.host, machine.scope).drop(key);
        print(`dropped ${id} ${text}`);
      }
    },
  );

  add(
    'rerecord <phrase...>',
    'Speaks phrases anew, by id or text, and keeps the take of median length.',
    async (machine, names, { tts, takes }, print, warn) => {
      const voice = await loadVoice(tts, machine, warn);
      for (const { id, text } of await findPhrases(machine, names)) {
        const { sentences } = await voice.rerecord(text, { takes });
        for (const { takesMs, keptMs } of sentences) {
          const lengths = takesMs.map((ms) => `${Math.round(ms)} ms`).join(', ') || 'no complete take';
          print(`${id} ${keptMs === undefined ? 'stays as it was' : `is now ${Math.round(keptMs)} ms`} (${lengths})`);
        }
      }
      await voice.close();
    },
  )
    .requiredOption('--tts <module>', 'module whose default export makes the TTS')
    .option('--takes <n>', 'how often each is spoken', wholeNumber, 3);

  add(
    'warm <file>',
    'Makes the phrases of a file ready: one a line, or a JSON list.',
    async (machine, [file = ''], { tts, perMinute }, print, warn) => {
      const list = await readPhrases(file);
      const voice = await loadVoice(tts, machine, warn);
      const { ready, failed } = await new Warmer(machine.host).warm(voice, list, { perMinute, again: false });
      await voice.close();
      print(`${ready} sentences ready, ${failed} could not be spoken`);
      if (failed > 0) process.exitCode = 1;
    },
  )
    .requiredOption('--tts <module>', 'module whose default export makes the TTS')
    .option('--per-minute <n>', 'sentences sent to the provider in a minute', wholeNumber, 60);
}

async function rowOf(machine: Machine, phrase: ListedPhrase): Promise<string[]> {
  const cached = await isCached(machine, phrase);
  const voice = Object.values(phrase.voice)
    .filter((value) => value !== undefined && value !== null && value !== '')
    .slice(0, 4)
    .join(' ');
  return [phrase.id, (phrase.audioMs / 1000).toFixed(1), cached ? 'yes' : 'no', voice, phrase.text];
}

async function wavOf(machine: Machine, { key, id }: ListedPhrase): Promise<Uint8Array> {
  const tools = await import('@warmline/tts-cache');
  const speech = await machine.phrases.get(key);
  if (speech === undefined) {
    throw new UsageError(`${id} is in the inventory and not in the cache any more; 'phrases warm' speaks it anew`);
  }
  return tools.wavOf(speech);
}

async function isCached(machine: Machine, { key }: ListedPhrase): Promise<boolean> {
  return (await machine.phrases.get(key)) !== undefined;
}

async function loadVoice(module: string, machine: Machine, onError: (line: string) => void): Promise<CachedTts> {
  const voices = await import('./voice-module.ts');
  return voices.loadVoice(module, machine, onError);
}

async function readPhrases(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const list: unknown = text.trimStart().startsWith('[')
    ? parseList(file, text)
    : text.split('\n').map((line) => line.trim());
  if (!Array.isArray(list) || !list.every((phrase) => typeof phrase === 'string')) {
    throw new UsageError(`${file} must be a list of texts`);
  }
  const phrases = list.filter((phrase) => phrase !== '' && !phrase.startsWith('#'));
  if (phrases.length === 0) throw new UsageError(`${file} has no phrases`);
  return phrases;
}

function parseList(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/u.test(text)) throw new InvalidArgumentError(`'${text}' is not a whole number above 0.`);
  return Number(text);
}
