import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a server is started with. */
export interface ServerSetting {
  readonly role: 'server' | 'sentinel';
  readonly port: number;
  readonly directory: string;
  readonly unixSocketPath: string;
  readonly password: string | undefined;
  readonly args: readonly string[];
}

/** The command line. A sentinel's names a file in its directory, which the sentinel itself keeps up to date over restarts. */
export function serverArguments(setting: ServerSetting): string[] {
  const { role, port, directory, unixSocketPath, password, args } = setting;
  const own = [
    ['bind', '127.0.0.1'],
    ['port', `${port}`],
    ['dir', directory],
    ['unixsocket', unixSocketPath],
    ...(password === undefined ? [] : [['requirepass', password]]),
  ];
  if (role === 'sentinel') {
    const file = join(directory, 'sentinel.conf');
    if (!existsSync(file)) writeFileSync(file, [...own.map((line) => line.join(' ')), ...args, ''].join('\n'));
    return [file, '--sentinel'];
  }
  const withoutDisk = ['--save', '', '--appendonly', 'no'];
  // A replica that asks is served at once: the default collects others for five seconds.
  const quick = ['--repl-diskless-sync-delay', '0'];
  return [...own.flatMap(([name, value = '']) => [`--${name}`, value]), ...withoutDisk, ...quick, ...args];
}
