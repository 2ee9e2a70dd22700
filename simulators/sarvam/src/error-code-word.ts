const WORDS: ReadonlyMap<number, string> = new Map([
  [403, 'invalid_api_key_error'],
  [404, 'not_found_error'],
  [422, 'unprocessable_entity_error'],
  [429, 'rate_limit_exceeded_error'],
  [503, 'rate_limit_exceeded_error'],
]);

/** The service's name for a status. */
export function errorCodeWord(status: number): string {
  return WORDS.get(status) ?? (status < 500 ? 'invalid_request_error' : 'internal_server_error');
}
