import type { z } from 'zod';

/** Says what is wrong with an input: each field by name, and what is allowed. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.length === 0 ? 'input' : path.join('.')}: ${message}`)
    .join('; ');
}
