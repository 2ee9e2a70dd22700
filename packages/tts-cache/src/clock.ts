/** The wall clock, for people to read; everything that is measured is measured with a `Clock`. */
export function isoNow(): string {
  return new Date().toISOString();
}
