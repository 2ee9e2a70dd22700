import { inspect } from 'node:util';

/** How a Convex deployment is reached. */
export interface ConvexAccess {
  /** E.g. `https://happy-otter-123.convex.cloud`, or that of a self-hosted backend. */
  readonly url: string;
  /** What the functions check: `WARMLINE_SERVICE_SECRET` of the deployment. Appears in no error and no event. */
  readonly secret: string;
}

/** @throws TypeError naming what is wrong; never the secret. */
export function checkAccess({ url, secret }: ConvexAccess): void {
  if (!URL.canParse(url) || !/^https?:$/u.test(new URL(url).protocol))
    throw new TypeError(`url must be that of a Convex deployment (https://…), got ${url}`);
  if (typeof secret !== 'string' || secret === '')
    throw new TypeError('secret must be the service secret of the deployment, got nothing');
}

/** As the clients of Convex take it: they append to it. */
export function addressOf({ url }: ConvexAccess): string {
  return new URL(url).href.replace(/\/+$/u, '');
}

/**
 * An error as it may be told: that of a function whose arguments were refused quotes them.
 * @returns the error itself unless it holds the secret.
 */
export function withoutSecret(error: unknown, secret: string): unknown {
  if (!(error instanceof Error))
    return String(error).includes(secret) ? new Error('an error that names the secret') : error;
  const data = 'data' in error ? inspect(error.data, { depth: null }) : '';
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  const told = [error.message, error.stack ?? '', data];
  if (!told.some((text) => forms.some((form) => text.includes(form)))) return error;
  return new Error(forms.reduce((text, form) => text.replaceAll(form, '[secret]'), error.message));
}
