/** Two questions. */
export type Pair = readonly [first: string, second: string];

/** They mean something else, so that no level may take one for the other. */
export const MUST_DIFFER: readonly Pair[] = [
  ['is there a fee for 10 dollars', 'is there a fee for 100 dollars'],
  ['do you accept insurance', 'do you not accept insurance'],
  ['do you accept insurance', "don't you accept insurance"],
  ['do you accept insurance', 'you don’t accept insurance'],
  ['can i come today', "can't i come today"],
  ['can i come with my son', 'can i come without my son'],
  ['will you charge my card', "won't you charge my card"],
  ['is it free', "isn't it free"],
  ['१० बजे मिल सकते हैं', '११ बजे मिल सकते हैं'],
  ['10 बजे मिल सकते हैं', '११ बजे मिल सकते हैं'],
  ['kal 10 baje aana hai', 'kal 11 baje aana hai'],
  ['send money from Amit to Priya', 'send money from Priya to Amit'],
  ['did Ravi pay Sita', 'did Sita pay Ravi'],
  ['अमित को प्रिया से पैसे मिले', 'प्रिया को अमित से पैसे मिले'],
  ['amit ne priya ko bulaya', 'priya ne amit ko bulaya'],
  ['fly from delhi to mumbai', 'fly from mumbai to delhi'],
  ['delhi se mumbai jana hai', 'mumbai se delhi jana hai'],
  ['क्या आप बीमा लेते हैं', 'क्या आप बीमा नहीं लेते हैं'],
  ['aap insurance lete ho', 'aap insurance nahi lete ho'],
  ['appointment cancel karo', 'appointment cancel mat karo'],
  ['अपॉइंटमेंट रद्द करें', 'अपॉइंटमेंट रद्द न करें'],
  ['बीमा के साथ आना है', 'बिना बीमा के आना है'],
  ['may i take 1.5 tablets', 'may i take 15 tablets'],
  ['is 1,5 litre enough', 'is 15 litre enough'],
  ['is minus -5 degrees normal', 'is minus 5 degrees normal'],
  ['is there a slot at 10:30', 'is there a slot at 1030'],
  ['is there a slot at 10 am', 'is there a slot at 10 pm'],
  ['is 5% too much', 'is 5 too much'],
  ['does it cost $5', 'does it cost ₹5'],
  ['are you open on the 12th', 'are you open on the 21st'],
  ['do you test vitamin a', 'do you test vitamin d'],
  ['do you teach c++', 'do you teach c#'],
  ['when is dr rao in', 'when is dr roy in'],
  ['what is the fee', 'when is the fee due'],
  ['how many tablets', 'how much for tablets'],
  ['who called me', 'who did i call'],
  ['before the test', 'after the test'],
  ['is my report ready', 'is your report ready'],
  ['call 98450 12345', 'call 98450 12346'],
  ['mail to a.rao@clinic.in', 'mail to arao@clinic.in'],
  ['2 crore ka loan', '20 crore ka loan'],
  ['please never call again', 'please call again'],
  ['koi nahi aaya', 'koi aaya'],
  ['enable the alarm', 'disable the alarm'],
];

/** At the default level the second is answered by the first one's search. */
export const MUST_SHARE: readonly Pair[] = [
  ['What are your opening hours?', 'what are your opening hours'],
  ['What are your opening hours?', '  what are   your opening hours ?'],
  ['what are your opening hours', 'Hi, what are your opening hours please?'],
  ['what are your opening hours', 'um, what are your opening hours'],
  ['what are your opening hours', 'Can you tell me what are your opening hours?'],
  ["what's your address", 'What is your address?'],
  ["don't you accept insurance", 'Don’t you accept insurance?'],
  ["don't you accept insurance", 'do not you accept insurance'],
  ['क्या आप १० बजे खुले हैं?', 'क्या आप 10 बजे खुले हैं'],
  ['फ़ीस कितनी है', 'फीस कितनी है?'],
  ['नमस्ते, फीस कितनी है', 'फीस कितनी है'],
  ['clinic kab khulta hai', 'Namaste, clinic kab khulta hai?'],
  ['clinic kab khulta hai', 'please clinic kab khulta hai'],
  ['5,000 rupees mein ho jayega kya', '5000 rupees mein ho jayega kya'],
  ['1,00,000 ka loan', '100000 ka loan'],
  ['caf\u00e9 timing', 'cafe\u0301 timing'],
];

/** A question that means something else after another turn: as it was said, and as a tool call should say it. */
export interface FollowUp {
  readonly said: string;
  readonly contextualised: string;
  readonly label: string;
}

/** Follow-ups that three callers say alike. */
export const FOLLOW_UPS: readonly FollowUp[] = [
  ...followUps('How much is it?', ['a first consultation', 'a blood test', 'an X-ray'], 'How much is'),
  ...followUps(
    'Is it open on Sunday?',
    ['the laboratory', 'the pharmacy', 'the clinic in Pune'],
    'Is it open on Sunday,',
  ),
  ...followUps('How long does it take?', ['a blood test', 'an MRI scan', 'the report'], 'How long does it take to get'),
  ...followUps('Kitna lagega?', ['first consultation', 'blood test', 'X-ray'], 'Kitna lagega,'),
];

function followUps(said: string, topics: readonly string[], ask: string): FollowUp[] {
  return topics.map((topic) => ({ said, contextualised: `${ask} ${topic}?`, label: `${said} ${topic}` }));
}
