// Each entry is lower case, in NFC and without its last full stop. The letter names of Devanagari ("एस. के. शर्मा")
// leave out those which are also words that end sentences: "जी" (yes, sir) and "आई" (she came).

const words = (list: string): readonly string[] => list.normalize('NFC').trim().split(/\s+/u);

/** Something always follows these, so their full stop never ends a sentence: titles, "e.g.", "approx.", "रु.". */
export const CONNECTING: ReadonlySet<string> = new Set(
  words(`
    dr mr mrs ms mx prof st sri shri smt kum md pt adv messrs capt col gen maj brig lt sgt insp supt hon rev fr mt
    sr vs viz cf e.g i.e eg ie approx govt dept pvt opp w.e.f a.k.a
    डॉ डा श्री श्रीमती सुश्री कु प्रो पं मो सर्वश्री रु रू नं क्र सं मि
    ए बी सी डी ई एफ एच जे के एल एम एन ओ पी क्यू आर एस टी यू वी वाई डब्ल्यू एक्स
    ডা ড ডঃ মো শ্রী রু নং  திரு திருமதி ரூ  రూ డా శ్రీ  ರೂ ಡಾ ಶ್ರೀ  രൂ ഡോ ശ്രീ  રૂ ડૉ શ્રી નં  ਰੁ ਡਾ ਸ਼੍ਰੀ  ଡା ଶ୍ରୀ
  `),
);

/** These may stand anywhere, so the next word decides: the sentence ends if that word starts one. */
export const EITHER: ReadonlySet<string> = new Set(
  words(`
    a.m p.m u.s u.s.a u.k u.a.e e.u u.n d.c i.d a.t.m o.t.p e.m.i k.y.c p.n.r s.m.s u.p.i p.i.n p.s
    rs inr etc inc ltd co corp jr ph.d b.tech m.tech b.com m.com b.sc m.sc
    min mins max hr hrs est km kms kg kgs cm ft lb lbs oz ave rd blvd apt bldg
  `),
);

/** Abbreviations only before a number ("No. 5", "Sept. 3"); otherwise words like any other ("No. We do not."). */
export const NUMBERED: ReadonlySet<string> = new Set(
  words(`
    no nos vol fig pp pg ext extn ph tel mob sec qty jan feb mar apr jun jul aug sep sept oct nov dec
    எண்
  `),
);
