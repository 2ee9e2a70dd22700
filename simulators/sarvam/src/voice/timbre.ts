/** A 32-bit phase shifted right by this is an index into a wave table. */
export const TABLE_SHIFT = 21;

const TABLE_SIZE = 2 ** (32 - TABLE_SHIFT);
const TIMBRES = 8;
const HARMONICS = [1, 0.6, 0.45, 0.3, 0.2, 0.12];
const FULL_SCALE = 32_767;

const tables: Map<number, Int16Array> = new Map();

/** One period of a harmonic wave at full scale, one of eight; computed at its first use. */
export function timbre(choice: number): Int16Array {
  const index = choice % TIMBRES;
  let table = tables.get(index);
  if (table === undefined) {
    table = buildTable(index);
    tables.set(index, table);
  }
  return table;
}

function buildTable(index: number): Int16Array {
  const wave = Float64Array.from({ length: TABLE_SIZE }, (_, at) => {
    const angle = (2 * Math.PI * at) / TABLE_SIZE;
    return HARMONICS.reduce((sum, gain, n) => sum + gain * Math.sin((n + 1) * angle + n * index), 0);
  });
  const peak = wave.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0);
  return Int16Array.from(wave, (value) => Math.round((value / peak) * FULL_SCALE));
}
