// Data, therefore long. Labels that differ in one word of the question are there on purpose: near-misses.

import { labelled } from './labelled-question.ts';
import type { LabelledQuestion } from './labelled-question.ts';

/** What callers ask a clinic, in Hindi with English words, as speech recognition writes it in Latin letters. */
export const hinglishQuestions: readonly LabelledQuestion[] = labelled('hinglish', {
  'opening-hours': [
    'Clinic kitne baje khulta hai?',
    'clinic kitne baje khulta hai',
    'Namaste, clinic kitne baje khulta hai?',
    'Haan ji, clinic kitne baje khulta hai?',
    'Clinic kab khulta hai?',
  ],
  'closing-hours': ['Clinic kitne baje band hota hai?', 'clinic kitne baje band hota hai'],
  'open-10': ['Kya aap 10 baje open hain?', 'kya aap 10 baje open hain', 'Kya aap १० baje open hain?'],
  'open-11': ['Kya aap 11 baje open hain?', 'kya aap 11 baje open hain'],
  'open-sunday': ['Sunday ko open hai kya?', 'sunday ko open hai kya', 'Accha, Sunday ko open hai kya?'],
  'open-monday': ['Monday ko open hai kya?'],
  'not-open-sunday': ['Sunday ko open nahi hai kya?', 'sunday ko open nahi hai kya'],
  address: [
    'Aapka address kya hai?',
    'aapka address kya hai',
    'Please aapka address kya hai?',
    'Mujhe batao aapka address kya hai?',
  ],
  'first-fee': ['First time ki fees kitni hai?', 'first time ki fees kitni hai', 'Umm, first time ki fees kitni hai?'],
  'second-fee': ['Second time ki fees kitni hai?'],
  'fee-500': ['500 rupees mein ho jayega kya?', '500 rupees mein ho jayega kya'],
  'fee-5000': ['5000 rupees mein ho jayega kya?', '5,000 rupees mein ho jayega kya?'],
  'insurance-accepted': ['Aap insurance lete ho?', 'aap insurance lete ho', 'Hello, aap insurance lete ho?'],
  'insurance-refused': ['Aap insurance nahi lete ho?', 'aap insurance nahi lete ho'],
  'without-insurance': ['Bina insurance ke aa sakte hain?', 'bina insurance ke aa sakte hain'],
  'with-insurance': ['Insurance ke saath aa sakte hain?'],
  cancel: ['Appointment cancel kaise kare?', 'appointment cancel kaise kare', 'Yaar, appointment cancel kaise kare?'],
  move: ['Appointment change kaise kare?', 'appointment change kaise kare'],
  'do-not-cancel': ['Appointment cancel mat karo', 'appointment cancel mat karo please'],
  'do-cancel': ['Appointment cancel karo', 'appointment cancel karo please'],
  'report-ready': ['Meri report kab milegi?', 'meri report kab milegi', 'Ji, meri report kab milegi?'],
  'report-where': ['Meri report kahan milegi?'],
  'amit-to-priya': ['Amit se Priya ko report bhejni hai', 'amit se priya ko report bhejni hai'],
  'priya-to-amit': ['Priya se Amit ko report bhejni hai'],
  'delhi-mumbai': ['Delhi se Mumbai file kaise bheje?', 'delhi se mumbai file kaise bheje'],
  'mumbai-delhi': ['Mumbai se Delhi file kaise bheje?'],
  parking: ['Parking hai kya?', 'parking hai kya', 'Hi, parking hai kya?'],
  'fasting-before': ['Test se pehle khana kha sakte hain?', 'test se pehle khana kha sakte hain'],
  'fasting-after': ['Test ke baad khana kha sakte hain?'],
  'slot-4-30': ['4:30 ka slot hai?', '4:30 ka slot hai'],
  'slot-5-30': ['5:30 ka slot hai?'],
  'dr-rao': ['Dr. Rao kab milenge?', 'dr rao kab milenge'],
  'dr-roy': ['Dr. Roy kab milenge?'],
});
