const SPACE = /\s/u;

/** Cuts a text into pieces of at most `limit` code points, after white space where there is some. Nothing is lost. */
export function splitText(text: string, limit: number): string[] {
  const characters = Array.from(text);
  const pieces: string[] = [];
  let start = 0;
  while (characters.length - start > limit) {
    const end = lastSpace(characters, start, start + limit) ?? start + limit;
    pieces.push(characters.slice(start, end).join(''));
    start = end;
  }
  if (start < characters.length) pieces.push(characters.slice(start).join(''));
  return pieces;
}

/** The index after the last white space in the window. */
function lastSpace(characters: readonly string[], start: number, end: number): number | undefined {
  for (let at = end; at > start; at -= 1) {
    if (SPACE.test(characters[at - 1] ?? '')) return at;
  }
  return undefined;
}
