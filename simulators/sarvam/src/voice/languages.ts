const codes = (list: string): ReadonlySet<string> => new Set(list.split(' ').map((code) => `${code}-IN`));

/** Spoken by every voice. Odia is `od-IN`, not `or-IN`. */
export const LANGUAGES: ReadonlySet<string> = codes('bn en gu hi kn ml mr od pa ta te');

/** Known to the service, and answered with a request to ask for beta access. */
export const BETA_LANGUAGES: ReadonlySet<string> = codes('as brx doi kok ks mai mni ne sa sat sd ur');
