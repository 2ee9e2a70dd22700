import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import type { FunctionReference } from 'convex/server';
import { ConvexError } from 'convex/values';
import { duration } from '../duration.ts';
import type { Embedder } from '../embedder.ts';
import type { KnowledgeQuery, KnowledgeSource } from '../knowledge-source.ts';
import type { ConvexPassage } from './convex-passage.ts';
import { readPassages } from './convex-passage.ts';

/** Options of {@link convexKnowledgeSource}. */
export interface ConvexKnowledgeOptions {
  /** Of the deployment. */
  readonly url: string;
  /** `WARMLINE_SERVICE_SECRET` of the deployment. */
  readonly secret: string;
  /** How long one call of the deployment may take, in ms; that of the embedder not included. @default 4_000 */
  readonly timeoutMs?: number;
  /** Searches by meaning: give it a `CachedEmbedder`. @default a search by words */
  readonly embedder?: Embedder;
  /** Names of your functions, where they differ. @default { search: 'knowledge:search' } */
  readonly names?: { readonly search?: string };
}

/** What `knowledge:search` is called with. */
interface SearchArgs extends Record<string, unknown> {
  readonly secret: string;
  readonly organizationId: string;
  readonly knowledgeBaseIds?: readonly string[];
  readonly text: string;
  readonly embedding?: readonly number[];
  readonly language?: string;
  readonly limit: number;
}

type Search = FunctionReference<'action', 'public', SearchArgs, unknown>;

/**
 * Knowledge that is kept in Convex by the functions of Warmline's `convex` folder. Those know no `filters`; a query that has some is
 * refused. A `ConvexError` is handed on with its data; other errors lose their text, which may hold the arguments.
 * @throws TypeError naming the option and what is allowed; never the secret.
 */
export function convexKnowledgeSource(options: ConvexKnowledgeOptions): KnowledgeSource<ConvexPassage> {
  const { url, secret, timeoutMs = 4_000, embedder, names = {} } = options;
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:/u.test(url))
    throw new TypeError(`url must be that of a Convex deployment, https://…, got ${JSON.stringify(url)}`);
  if (typeof secret !== 'string' || secret === '') throw new TypeError('secret must be a non-empty string');
  duration('timeoutMs', timeoutMs);
  const name = names.search ?? 'knowledge:search';
  const search: Search = makeFunctionReference<'action', SearchArgs, unknown>(name);

  return {
    async search(query, signal) {
      if (query.filters !== undefined) throw new TypeError(`${name} knows no filters: a query must not have any`);
      const embedding = embedder && (await embedded(embedder, query.text, signal));
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      return readPassages(await call(url, search, name, argsOf(query, secret, embedding), limit));
    },
  };
}

async function embedded(embedder: Embedder, text: string, signal: AbortSignal): Promise<readonly number[]> {
  const [vector] = await embedder.embed([text], signal);
  if (vector === undefined) throw new RangeError(`${embedder.model} must give 1 vector, gave none`);
  return Array.from(vector);
}

function argsOf(query: KnowledgeQuery, secret: string, embedding: readonly number[] | undefined): SearchArgs {
  const { text, organizationId, knowledgeBaseIds, language, limit } = query;
  return {
    secret,
    organizationId,
    text,
    limit,
    ...(knowledgeBaseIds !== undefined && { knowledgeBaseIds }),
    ...(language !== undefined && { language }),
    ...(embedding !== undefined && { embedding }),
  };
}

/** A client for each call: it holds nothing but its `fetch`, which alone takes a signal. Connections are shared below it. */
async function call(
  url: string,
  search: Search,
  name: string,
  args: SearchArgs,
  signal: AbortSignal,
): Promise<unknown> {
  let unreachable: unknown;
  const client = new ConvexHttpClient(url, {
    // A deployment may be self-hosted; log lines of functions may hold anything.
    skipConvexDeploymentUrlCheck: true,
    logger: false,
    fetch: (input, init) =>
      fetch(input, { ...init, signal }).catch((error: unknown) => {
        unreachable = error;
        throw error;
      }),
  });
  try {
    return await client.action(search, args);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConvexError || error === unreachable) throw error;
    // oxlint-disable-next-line preserve-caught-error -- its text may hold the arguments
    throw new Error(`${name} failed${requestOf(error)}`);
  }
}

/** By which Convex's own log tells more. */
function requestOf(error: unknown): string {
  const id =
    error instanceof Error
      ? /\[Request ID: (?<id>[A-Za-z0-9-]{1,64})\]/u.exec(error.message)?.groups?.['id']
      : undefined;
  return id === undefined ? '' : `, request ID ${id}`;
}
