import type { Passage } from '@warmline/knowledge';
import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { z } from 'zod';
import { queryOf, SEARCH, SECRET } from './stage.ts';

const created = z.object({ organizationId: z.string() });
const base = z.object({ knowledgeBaseId: z.string() });
const added = z.object({ documentId: z.string() });
const found = z.array(z.object({ chunkId: z.string(), text: z.string(), score: z.number() }));

/** An organisation's knowledge, written and searched past all caches. */
export class Library {
  readonly organizationId: string;
  readonly name: string;
  readonly #convex: ConvexHttpClient;
  readonly #timetables: string;
  #edition: { readonly number: number; readonly documentId: string } = { number: 0, documentId: '' };

  private constructor(convex: ConvexHttpClient, name: string, organizationId: string, timetables: string) {
    this.#convex = convex;
    this.name = name;
    this.organizationId = organizationId;
    this.#timetables = timetables;
  }

  /** @param topics how many it knows something about; and it has a timetable. */
  static async open(url: string, name: string, topics: number): Promise<Library> {
    const convex = new ConvexHttpClient(url, { logger: false });
    const { organizationId } = created.parse(await mutate(convex, 'organizations:create', { name }));
    const createBase = async (what: string): Promise<string> =>
      base.parse(await mutate(convex, 'knowledge:createBase', { organizationId, name: what })).knowledgeBaseId;
    const knowledgeBaseId = await createBase('topics');
    const chunks = Array.from({ length: topics }, (_, topic) => ({
      text: `${wordOf(topic)} on page ${topic} of ${name}`,
    }));
    await mutate(convex, 'knowledge:addDocument', { knowledgeBaseId, title: 'Topics', chunks });
    const library = new Library(convex, name, organizationId, await createBase('timetables'));
    await library.addEdition();
    return library;
  }

  /** The next edition of the timetable; the one before stays until {@link removeEdition}. */
  async addEdition(): Promise<{ readonly before: string; readonly number: number }> {
    const [{ documentId: before }, number] = [this.#edition, this.#edition.number + 1];
    const chunks = [{ text: `timetable edition ${number} of ${this.name}` }];
    const document = { knowledgeBaseId: this.#timetables, title: 'Timetable', chunks };
    const { documentId } = added.parse(await mutate(this.#convex, 'knowledge:addDocument', document));
    this.#edition = { number, documentId };
    return { before, number };
  }

  async removeEdition(documentId: string): Promise<void> {
    await mutate(this.#convex, 'knowledge:removeDocument', { documentId });
  }

  /** What a search gives, and how every asker would do it without a cache. */
  async search(text: string): Promise<readonly Passage[]> {
    return searchConvex(this.#convex, this.organizationId, text);
  }
}

/** A question about a topic, for which there is one passage. */
export function topicQuestion(topic: number): string {
  return `what about ${wordOf(topic)}`;
}

/** A question that the timetable answers; no two are the same one. */
export function timetableQuestion(number: number): string {
  return `timetable for doctor${number}`;
}

/** The sum of the oldest and the newest edition found: it grows with every change, as a new one is added before an old one is removed. */
export function stateOf(passages: readonly Pick<Passage, 'text'>[]): number {
  const editions = passages.flatMap(({ text }) => {
    const edition = /^timetable edition (\d+) /u.exec(text)?.[1];
    return edition === undefined ? [] : [Number(edition)];
  });
  return editions.length === 0 ? 0 : Math.min(...editions) + Math.max(...editions);
}

/** One call of the action. */
export async function searchConvex(convex: ConvexHttpClient, organizationId: string, text: string): Promise<Passage[]> {
  const { limit } = queryOf(organizationId, text);
  const args = { secret: SECRET, organizationId, text, limit };
  const passages = found.parse(await convex.action(makeFunctionReference<'action'>(SEARCH), args));
  return passages.map(({ chunkId, text: passage, score }) => ({ id: chunkId, text: passage, score }));
}

function mutate(convex: ConvexHttpClient, name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  return convex.mutation(makeFunctionReference<'mutation'>(name), { secret: SECRET, ...args });
}

/** Of equal length: Convex's full-text search, and the simulator's, also finds words that only begin alike. */
function wordOf(topic: number): string {
  return `topic${String(topic).padStart(4, '0')}`;
}
