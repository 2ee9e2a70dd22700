import type { z } from 'zod';

/** Says what is wrong with an input: each field by name, the value received, and what is allowed. */
export function describeIssues(error: z.ZodError, input: unknown): string {
  return error.issues.map((issue) => `${nameOf(issue)}: ${issue.message}${received(issue, input)}`).join('; ');
}

function nameOf(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? 'input' : issue.path.join('.');
}

function received(issue: z.core.$ZodIssue, input: unknown): string {
  let value = input;
  for (const key of issue.path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  return issue.path.length === 0 ? '' : ` (received ${JSON.stringify(value) ?? String(value)})`;
}
