/**
 * A request the service refuses. Over WebSocket the status goes into `code` when `coded`, and otherwise, as seen
 * live for speakers and pace, in front of the text.
 */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly status: number;
  readonly coded: boolean;

  constructor(status: number, message: string, { coded = false }: { coded?: boolean } = {}) {
    super(message);
    this.status = status;
    this.coded = coded;
  }
}

/** The service's one answer to every message it cannot read; the socket is closed with 1000 after it. */
export function invalidDictionary(): Rejection {
  return new Rejection(422, 'Input parameters has to be a valid dictionary', { coded: true });
}
