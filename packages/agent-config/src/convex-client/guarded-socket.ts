/**
 * A WebSocket on which a message that the Convex client cannot digest ends the connection, and not the process: the client
 * throws out of `onmessage` (convex 1.48: `FatalError`, a transition that does not follow on the last, anything that is no JSON),
 * where nobody can catch it.
 * @param onFault told what the client threw, before the socket is closed.
 */
export function guardedSocket(onFault: (error: Error) => void): typeof WebSocket {
  return class extends WebSocket {
    override set onmessage(listener: ((this: WebSocket, event: MessageEvent) => unknown) | null) {
      // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is this property that the client sets
      super.onmessage = listener && this.#guarded(listener);
    }

    override get onmessage(): ((this: WebSocket, event: MessageEvent) => unknown) | null {
      return super.onmessage as ((this: WebSocket, event: MessageEvent) => unknown) | null;
    }

    #guarded(listener: (this: WebSocket, event: MessageEvent) => unknown) {
      return (event: MessageEvent): void => {
        try {
          listener.call(this, event);
        } catch (error) {
          onFault(error instanceof Error ? error : new Error(String(error)));
          this.close();
        }
      };
    }
  };
}
