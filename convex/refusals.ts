import { ConvexError } from 'convex/values';

/** Of an argument that the validators cannot judge. */
export function invalid(field: string, value: number | string, allowed: string): ConvexError<Record<string, string>> {
  return new ConvexError({ code: 'invalid', field, message: `${field} is ${value}, allowed is ${allowed}` });
}

/** Of an id that names nothing (any more). */
export function notFound(field: string): ConvexError<Record<string, string>> {
  return new ConvexError({ code: 'not_found', field, message: `${field} names nothing` });
}

/** @throws ConvexError unless it is a whole number between the two. */
export function requireWhole(field: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(field, value, `a whole number from ${min} to ${max}`);
  }
}
