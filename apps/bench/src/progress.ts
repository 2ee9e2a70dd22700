/** Tells a person that something is going on: one moving line on a terminal, a line every few seconds elsewhere. */
export interface Progress {
  update(text: string): void;
  done(): void;
}

const QUIET_LINE_EVERY_MS = 5000;

export function createProgress(out: NodeJS.WriteStream): Progress {
  const terminal = out.isTTY;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    update(text) {
      const now = performance.now();
      if (terminal) out.write(`\r\u001B[2K${text.slice(0, (out.columns || 80) - 1)}`);
      else if (now - lastMs >= QUIET_LINE_EVERY_MS) {
        lastMs = now;
        out.write(`${text}\n`);
      }
    },
    done() {
      if (terminal) out.write('\r\u001B[2K');
    },
  };
}
