/** Adds records of numbers field by field. */
export function addUp<T extends { readonly [Field in keyof T]: number }>(zero: T, records: readonly T[]): T {
  const fields = Object.keys(zero) as (keyof T)[];
  return records.reduce(
    (sum, record) => Object.fromEntries(fields.map((field) => [field, sum[field] + record[field]])) as T,
    zero,
  );
}
