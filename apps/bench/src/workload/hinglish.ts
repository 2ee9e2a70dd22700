// Data, therefore long. Constants are the phrases that an agent says in many calls; they recur to the letter.

import { dialoguesOf } from './dialogue.ts';
import type { Dialogue } from './dialogue.ts';

const moment = 'Ek minute please.';
const thanks = 'Hold karne ke liye thank you.';
const more = 'Aur kuch help chahiye aapko?';
const sure = 'Haan ji, bilkul.';

const insuranceHello = 'Hello, Kavach Insurance mein aapka swagat hai. Main Neha bol rahi hoon.';
const insuranceHelp = 'Bataiye, main kya help kar sakti hoon?';
const insurancePolicy = 'Aapka policy number kya hai?';
const insuranceCheck = 'Main system mein check karti hoon.';
const insuranceTeam = 'Hamari team aapko 24 ghante mein call karegi.';
const insuranceBye = 'Kavach Insurance ko call karne ke liye dhanyavaad.';

const insurance = dialoguesOf('insurance-hinglish', 'hi-IN', [
  [
    `${insuranceHello} ${insuranceHelp}`,
    `${sure} ${insurancePolicy}`,
    `${insuranceCheck} ${moment}`,
    `${thanks} Aapka premium Rs. 12,480 hai aur due date 30 November hai.`,
    'Kya main payment link aapke phone par bhej doon?',
    `Link bhej diya hai, wo 2 ghante tak valid hai. ${more}`,
    insuranceBye,
  ],
  [
    `${insuranceHello} ${insuranceHelp}`,
    'Accident ka sunkar bahut dukh hua. Aap theek hain na?',
    `Claim ke liye do cheezein chahiye. ${insurancePolicy}`,
    `${insuranceCheck} ${moment}`,
    'Gaadi ki photos app mein upload kar dijiye. Aapka claim number 77340 hai.',
    `${insuranceTeam} ${more}`,
    insuranceBye,
  ],
  [
    `${insuranceHello} ${insuranceHelp}`,
    'Family plan mein 5 lakh ka cover milta hai, aur saal ka premium ₹18,900 hai. Aapki age kya hai?',
    'Kya aapko diabetes ya BP ki problem hai?',
    'Iske liye ek medical test hoga, jo hum free mein karwate hain.',
    `${insuranceTeam} ${more}`,
    insuranceBye,
  ],
  [
    `${insuranceHello} ${insuranceHelp}`,
    `${sure} ${insurancePolicy}`,
    `${insuranceCheck} ${moment}`,
    'Nominee mein abhi Sunita Verma ka naam hai. Naya naam kya rakhna hai?',
    'Naam update ho gaya hai, nayi copy e-mail par aa jayegi.',
    `${more} ${insuranceBye}`,
  ],
]);

const clinicHello = 'Namaste, Smile Dental Clinic se bol rahi hoon.';
const clinicHelp = 'Aapko appointment book karna hai ya change karna hai?';
const clinicName = 'Patient ka naam bata dijiye.';
const clinicCheck = 'Main calendar dekh leti hoon.';
const clinicBooked = 'Aapka appointment confirm ho gaya hai.';
const clinicEarly = 'Please 10 minute pehle aa jaiyega.';
const clinicBye = 'Apna dhyaan rakhiye, bye.';

const clinic = dialoguesOf('clinic-hinglish', 'hi-IN', [
  [
    `${clinicHello} ${clinicHelp}`,
    `${sure} ${clinicName}`,
    `${clinicCheck} ${moment}`,
    'Dr. Mehta Saturday ko 11 a.m. ya 4:30 p.m. par free hain. Kaunsa time theek rahega?',
    `${clinicBooked} Saturday, 4:30 p.m., Dr. Mehta ke saath. ${clinicEarly}`,
    clinicBye,
  ],
  [
    `${clinicHello} ${clinicHelp}`,
    `Koi baat nahi. ${clinicName}`,
    `${clinicCheck} ${moment}`,
    'Rohan ji, aapka appointment Tuesday se Thursday ko 6 p.m. par shift kar doon?',
    `${clinicBooked} ${clinicEarly}`,
    clinicBye,
  ],
  [
    `${clinicHello} ${clinicHelp}`,
    'Daant mein dard kab se hai? Sujan bhi hai kya?',
    `Aaj hi dikha lijiye, 7:45 p.m. ka slot khaali hai. ${clinicName}`,
    `${clinicBooked} Tab tak thande paani se kulla kijiye.`,
    `Consultation ki fees Rs. 400 hai. ${more}`,
    clinicBye,
  ],
  [
    `${clinicHello} ${clinicHelp}`,
    'Root canal ka kharcha Rs. 3,500 se Rs. 6,000 tak hota hai. X-ray alag se ₹250 ka hai.',
    'Haan, EMI bhi ho jayegi. Appointment book karoon?',
    `${clinicCheck} ${clinicName}`,
    `${clinicBooked} Monday ko subah 10 baje aa jaiye. ${more}`,
    clinicBye,
  ],
]);

const foodHello = 'Hi, Zaika Online se Pooja bol rahi hoon!';
const foodHelp = 'Order mein kya problem hai?';
const foodOrder = 'Apna order number bata dijiye.';
const foodLooking = 'Main abhi check karti hoon.';
const foodSorry = 'Iske liye sorry, aisa nahi hona chahiye tha.';
const foodRefund = 'Refund 2 se 3 din mein aa jayega.';
const foodBye = 'Enjoy kijiye, bye!';

const food = dialoguesOf('food-hinglish', 'hi-IN', [
  [
    `${foodHello} ${foodHelp}`,
    foodOrder,
    `${foodLooking} ${moment}`,
    'Order 41190 raste mein hai. Rider Imran 9 minute mein pahunch jayenge.',
    `${foodSorry} Main unko call karke bol deti hoon.`,
    `Ho gaya. ${foodBye}`,
  ],
  [
    `${foodHello} ${foodHelp}`,
    `${foodSorry} ${foodOrder}`,
    `${foodLooking} ${moment}`,
    'Order 41877 mein veg biryani ki jagah chicken biryani chali gayi hai. Nayi biryani bhejoon ya refund kar doon?',
    `Rs. 289 refund kar diye hain. ${foodRefund}`,
    `${more} ${foodBye}`,
  ],
  [
    `${foodHello} ${foodHelp}`,
    `${foodOrder} Phir address change kar deti hoon.`,
    'Naya address kya hai?',
    'Flat No. 5, Green Park, theek hai na? Delivery charge Rs. 30 extra lagega.',
    `Address update ho gaya hai. ${more}`,
    foodBye,
  ],
  [
    `${foodHello} ${foodHelp}`,
    `Coupon nahi lag raha? ${foodLooking}`,
    'Ye coupon sirf ₹499 se upar ke order par chalta hai. Aapka total abhi ₹455 hai.',
    'Ek gulab jamun add kar doon, Rs. 60 ka?',
    `Ab coupon lag gaya hai, total Rs. 415 hua. ${more}`,
    foodBye,
  ],
]);

const telecomHello = 'Namaskar, Tarang Broadband mein aapka swagat hai.';
const telecomHelp = 'Main aapki kya madad kar sakta hoon?';
const telecomNumber = 'Apna registered mobile number bataiye.';
const telecomAccount = 'Aapka account mil gaya.';
const telecomRestart = 'Router ko band karke 30 second baad on kijiye.';
const telecomSorry = 'Pareshani ke liye maafi chahta hoon.';
const telecomBye = 'Tarang Broadband ke saath bane rehne ke liye shukriya.';

const telecom = dialoguesOf('telecom-hinglish', 'hi-IN', [
  [
    `${telecomHello} ${telecomHelp}`,
    `${telecomSorry} ${telecomNumber}`,
    `${telecomAccount} Router par laal light jal rahi hai kya?`,
    telecomRestart,
    'Ab speed check kijiye. Kitni aa rahi hai?',
    `92 Mbps theek hai. ${more}`,
    telecomBye,
  ],
  [
    `${telecomHello} ${telecomHelp}`,
    telecomNumber,
    `${telecomAccount} ${moment}`,
    'Aapke area mein fibre cut hua hai. Shaam 8 baje tak theek ho jayega.',
    `${telecomSorry} Do din ka rent, yaani Rs. 52, next bill mein adjust kar denge.`,
    telecomBye,
  ],
  [
    `${telecomHello} ${telecomHelp}`,
    `Plan upgrade karna hai, samajh gaya. ${telecomNumber}`,
    `${telecomAccount} 200 Mbps wala plan Rs. 999 ka hai, aur 300 Mbps wala Rs. 1,499 ka.`,
    'Kaunsa plan set kar doon aapke liye?',
    `Ho gaya, naya plan kal subah 6 baje se chalu hoga. ${more}`,
    telecomBye,
  ],
  [
    `${telecomHello} ${telecomHelp}`,
    `${sure} ${telecomNumber}`,
    `${telecomAccount} ${moment}`,
    'November ka bill ₹1,178.82 hai, jisme GST bhi hai. UPI se pay karenge ya card se?',
    'Payment mil gaya. Receipt number 66021 hai.',
    `${more} ${telecomBye}`,
  ],
]);

const cabHello = 'Hello, Sawari Cabs se Arjun bol raha hoon.';
const cabWhere = 'Pickup kahan se karna hai?';
const cabSearch = 'Gaadi dhoond raha hoon.';
const cabDriver = 'Driver aapko 5 minute mein call karega.';
const cabOtp = 'Baithne ke baad driver ko OTP bata dijiyega.';
const cabSorry = 'Sorry, aapko wait karna pada.';
const cabBye = 'Safe journey!';

const cab = dialoguesOf('cab-hinglish', 'hi-IN', [
  [
    `${cabHello} ${cabWhere}`,
    'Airport ke liye kitne baje nikalna hai?',
    `${cabSearch} ${moment}`,
    'Sedan Rs. 640 mein milegi, aur SUV Rs. 890 mein. Kaunsi book karoon?',
    `Booking ho gayi, gaadi ka number 4821 hai. ${cabDriver}`,
    `${cabOtp} ${cabBye}`,
  ],
  [
    `${cabHello} ${cabWhere}`,
    `Oh, driver abhi tak nahi aaya? ${cabSorry}`,
    'Aapki booking ID kya hai?',
    `${moment} Traffic ki wajah se driver 15 minute late hai.`,
    `Main doosri gaadi bhej raha hoon, koi extra charge nahi lagega. ${cabDriver}`,
    `${cabOtp} ${cabBye}`,
  ],
  [
    `${cabHello} ${cabWhere}`,
    'Outstation trip ke liye rate ₹13 per kilometre hai. Kitne din ka trip hai?',
    'Pune se Mahabaleshwar, do din, total lagbhag Rs. 7,800 hoga. Toll alag se lagega.',
    'Advance Rs. 1,000 dena hoga. Link bhej doon?',
    `Advance mil gaya, thank you. ${more}`,
    cabBye,
  ],
  [
    `${cabHello} ${cabWhere}`,
    'Accha, aapka phone gaadi mein reh gaya hai? Ghabraiye mat.',
    `${moment} Main driver se baat karta hoon.`,
    `${cabSorry} Phone mil gaya hai, driver Suresh ke paas hai.`,
    'Wo 9:30 p.m. tak aapke ghar de jayega. Iska Rs. 150 lagega, theek hai?',
    `${more} ${cabBye}`,
  ],
]);

/** Twenty dialogues of five agents in Hinglish: Hindi and English mixed, in Latin script. */
export const hinglish: readonly Dialogue[] = [...insurance, ...clinic, ...food, ...telecom, ...cab];
