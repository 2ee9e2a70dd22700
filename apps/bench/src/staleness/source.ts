import { Agent, request } from 'node:http';

const CONNECTIONS = 32;

/** The source of truth, as a process of the fleet sees it: versions by key that only grow. */
export class Source {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  constructor(url: string) {
    this.#url = url;
  }

  version(key: number): Promise<number> {
    return this.#ask('GET', `${key}`);
  }

  /** Changes what the keys stand for. @returns their new version, which no key has had before. */
  change(keys: readonly number[]): Promise<number> {
    return this.#ask('POST', keys.join(','));
  }

  #ask(method: 'GET' | 'POST', path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#url}/${path}`, { method, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(Number(text)));
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end();
    });
  }
}
