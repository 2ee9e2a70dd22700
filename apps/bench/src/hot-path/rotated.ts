/** The same in another order: whoever went first goes last next time. */
export function rotated<T>(list: readonly T[], round: number): T[] {
  const first = round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
