import type { ClusterNode, RedisOptions } from 'ioredis';

/** Where a URL points: one server (Sentinel included), or the first nodes of a cluster. */
export type RedisTarget =
  | { readonly kind: 'server'; readonly options: RedisOptions }
  | { readonly kind: 'cluster'; readonly nodes: readonly ClusterNode[]; readonly options: RedisOptions };

const DEFAULT_PORT = 6379;
const SENTINEL_PORT = 26_379;
/** A part of a URL that is wrong may be a part of a password with a '/' or '@' in it. */
const NOT_SHOWN = "it is not shown here, because of a password; in that '/' is written '%2F', '@' '%40', ':' '%3A'";
const FORMS =
  'redis://[user:password@]host[:port][/db], rediss://…, unix:///path, redis-cluster://host:port,host:port, ' +
  'redis-sentinel://host:port,host:port/master (with rediss-cluster and rediss-sentinel for TLS)';

/**
 * Reads a connection URL. Several hosts stand side by side, divided by commas; the query understands `db`.
 * @throws TypeError that names what is wrong and the forms there are, and repeats no password.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const [, scheme = '', rest = ''] = /^([a-z-]+):\/\/(.*)$/u.exec(url) ?? [];
  const tls = scheme.startsWith('rediss') ? { tls: {} } : {};
  switch (scheme) {
    case 'redis':
    case 'rediss': {
      const { hosts, credentials, path, query } = partsOf(rest, DEFAULT_PORT);
      const [host, ...others] = hosts;
      if (host === undefined || others.length > 0) throw badUrl('one host', scheme);
      return { kind: 'server', options: { ...host, ...credentials, ...dbOf(path || query.get('db')), ...tls } };
    }
    case 'unix':
    case 'redis+unix': {
      const { credentials, path, query } = partsOf(rest, DEFAULT_PORT);
      if (path === '') throw badUrl('a path', scheme);
      return { kind: 'server', options: { path: `/${path}`, ...credentials, ...dbOf(query.get('db')) } };
    }
    case 'redis-cluster':
    case 'rediss-cluster': {
      const { hosts, credentials } = partsOf(rest, DEFAULT_PORT);
      if (hosts.length === 0) throw badUrl('at least one host', scheme);
      return { kind: 'cluster', nodes: hosts, options: { ...credentials, ...tls } };
    }
    case 'redis-sentinel':
    case 'rediss-sentinel': {
      const { hosts, credentials, path, query } = partsOf(rest, SENTINEL_PORT);
      if (hosts.length === 0 || path === '') throw badUrl('sentinels and the name of their master', scheme);
      const options = {
        sentinels: [...hosts],
        name: decoded(path),
        ...credentials,
        ...dbOf(query.get('db')),
      };
      return {
        kind: 'server',
        options: { ...options, ...tls, ...(scheme === 'rediss-sentinel' && { enableTLSForSentinelMode: true }) },
      };
    }
    default:
      throw badUrl('a known scheme', scheme);
  }
}

interface Parts {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly credentials: { readonly username?: string; readonly password?: string };
  readonly path: string;
  readonly query: URLSearchParams;
}

/** `URL` knows no list of hosts. */
function partsOf(rest: string, defaultPort: number): Parts {
  const [beforeQuery, query] = splitAt(rest, rest.indexOf('?'));
  const [authority, path] = splitAt(beforeQuery, beforeQuery.indexOf('/'));
  const [credentials, list] = authority.includes('@')
    ? [authority.slice(0, authority.lastIndexOf('@')), authority.slice(authority.lastIndexOf('@') + 1)]
    : ['', authority];
  const [username, password] = splitAt(credentials, credentials.indexOf(':'));
  return {
    hosts: list === '' ? [] : list.split(',').map((host) => hostOf(host, defaultPort)),
    credentials: {
      ...(username !== '' && { username: decoded(username) }),
      ...(password !== '' && { password: decoded(password) }),
    },
    path,
    query: new URLSearchParams(query),
  };
}

function splitAt(text: string, index: number): [string, string] {
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function hostOf(text: string, defaultPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/u.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    throw new TypeError(`a Redis host is 'host', 'host:port' or '[ipv6]:port'; ${NOT_SHOWN}`);
  }
  return { host, port: port === undefined ? defaultPort : Number(port) };
}

function dbOf(text: string | null): { db?: number } {
  if (text === null || text === '') return {};
  if (!/^\d{1,5}$/u.test(text)) throw new TypeError(`a Redis database is a whole number; ${NOT_SHOWN}`);
  return { db: Number(text) };
}

/** @throws TypeError for what is no percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(`a '%' in a Redis URL is written '%25'; ${NOT_SHOWN}`);
  }
}

function badUrl(wanted: string, scheme: string): TypeError {
  return new TypeError(
    `a Redis URL with ${wanted} is needed, got one with the scheme '${scheme}'; there are: ${FORMS}`,
  );
}
