/** The user gave something that cannot be used: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
