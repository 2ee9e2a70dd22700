/**
 * The last border between two graphemes at or before `limit`. Needs two units of text beyond `limit`, if there are any.
 * A grapheme longer than `limit` is cut between two code points.
 */
export function hardCut(text: string, limit: number): number {
  let cut = 0;
  for (const { index } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(
    text.slice(0, limit + 2),
  )) {
    if (index <= limit) cut = index;
  }
  if (cut > 0) return cut;
  const code = text.codePointAt(limit - 1) ?? 0;
  return code > 0xffff ? limit - 1 : limit;
}
