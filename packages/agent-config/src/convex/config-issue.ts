import type { GenericValidator } from 'convex/values';

/**
 * Where a value differs from its validator: for documents that a laxer schema let in.
 * @returns e.g. `config.voice.speaker is undefined, allowed is a string`; never the value itself. `undefined` if there is nothing.
 */
export function configIssue(validator: GenericValidator, value: unknown, path: string): string | undefined {
  if (value === undefined && validator.isOptional === 'optional') return undefined;
  switch (validator.kind) {
    case 'string':
      return typeof value === 'string' ? undefined : wrong(path, value, 'a string');
    case 'float64':
      return typeof value === 'number' ? undefined : wrong(path, value, 'a number');
    case 'array':
      if (!Array.isArray(value)) return wrong(path, value, 'an array');
      return firstIssue(value.entries(), (index, item) => configIssue(validator.element, item, `${path}[${index}]`));
    case 'object':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(path, value, 'an object');
      return firstIssue(Object.entries(validator.fields), (name, field) =>
        configIssue(field, (value as Record<string, unknown>)[name], `${path}.${name}`),
      );
    default:
      return undefined;
  }
}

function firstIssue<K, V>(
  entries: Iterable<[K, V]>,
  issueOf: (key: K, value: V) => string | undefined,
): string | undefined {
  for (const [key, value] of entries) {
    const issue = issueOf(key, value);
    if (issue !== undefined) return issue;
  }
}

function wrong(path: string, value: unknown, allowed: string): string {
  return `${path} is ${value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value}, allowed is ${allowed}`;
}
