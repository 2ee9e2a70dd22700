import type { UserIdentity } from 'convex/server';

/** Who calls: nobody in particular, a user, or an administrator with the deploy key. */
export interface Caller {
  readonly identity: Partial<UserIdentity> | null;
  /** May call internal functions. */
  readonly isAdmin: boolean;
  /** Equal for equal identities. */
  readonly key: string;
}

/** A token that is no token, or a deploy key that is not this deployment's. */
export class BadCredentials extends Error {
  override readonly name = 'BadCredentials';
}

export const ANONYMOUS: Caller = { identity: null, isAdmin: false, key: '' };

const ATTRIBUTE_BY_CLAIM: Readonly<Record<string, keyof UserIdentity>> = {
  sub: 'subject',
  iss: 'issuer',
  given_name: 'givenName',
  family_name: 'familyName',
  preferred_username: 'preferredUsername',
  email_verified: 'emailVerified',
  phone_number: 'phoneNumber',
  phone_number_verified: 'phoneNumberVerified',
  picture: 'pictureUrl',
  locale: 'language',
};

/** The caller of an `Authorization` header. Throws `BadCredentials`. */
export function callerOfHeader(header: string | undefined, deployKey: string): Caller {
  if (header === undefined) return ANONYMOUS;
  const [scheme, credentials] = header.split(' ', 2);
  if (scheme === 'Bearer' && credentials !== undefined) return userCaller(credentials);
  if (scheme === 'Convex' && credentials !== undefined) return adminCaller(credentials, deployKey);
  throw new BadCredentials("Authorization should be 'Bearer <token>' or 'Convex <deploy key>'");
}

/** The user of a JWT, which is decoded and not verified. Throws `BadCredentials` if it is none. */
export function userCaller(token: string): Caller {
  const claims = decode(token.split('.')[1] ?? '', 'base64url', 'the token');
  const entries = Object.entries(claims).map(([claim, value]) => [ATTRIBUTE_BY_CLAIM[claim] ?? claim, value]);
  return asUser(Object.fromEntries(entries) as Partial<UserIdentity>, false);
}

/** The holder of the deploy key, who may act as a user with `key:base64(identity)`. Throws `BadCredentials`. */
export function adminCaller(credentials: string, deployKey: string): Caller {
  if (credentials === deployKey) return { identity: null, isAdmin: true, key: '' };
  if (!credentials.startsWith(`${deployKey}:`)) throw new BadCredentials('The deploy key is not of this deployment');
  return asUser(decode(credentials.slice(deployKey.length + 1), 'base64', 'the identity to act as'), true);
}

function asUser(identity: Partial<UserIdentity>, isAdmin: boolean): Caller {
  return { identity, isAdmin, key: JSON.stringify(identity) };
}

function decode(text: string, encoding: 'base64' | 'base64url', what: string): Partial<UserIdentity> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, encoding).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Not JSON: refused below like any other value.
  }
  throw new BadCredentials(`Could not decode ${what}`);
}
