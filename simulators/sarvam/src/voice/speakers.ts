const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/u));

/** The seven of bulbul:v2. */
export const V2_SPEAKERS: ReadonlySet<string> = words('anushka manisha vidya arya abhilash karun hitesh');

/** The thirty-seven of bulbul:v3; none is also in v2. */
export const V3_SPEAKERS: ReadonlySet<string> = words(
  'shubh aditya ritu priya neha rahul pooja rohan simran kavya amit dev ishita shreya ratan varun manan sumit roopa kabir ' +
    'aayan ashutosh advait anand tanya tarun sunny mani gokul vijay shruti suhani mohit kavitha rehan soham rupali',
);

/** bulbul:v4-flash has 222 personas `voice_language_style`; only their shape is known here. */
const PERSONA = /^[a-z]+_[a-z]+(?:_[a-z0-9]+)+$/u;

/** Whether a name has the shape of a v4-flash persona, e.g. `simran_en_customer`. */
export function isPersona(speaker: string): boolean {
  return PERSONA.test(speaker);
}
