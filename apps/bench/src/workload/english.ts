// Data, therefore long. Constants are the phrases that an agent says in many calls; they recur to the letter.

import { dialoguesOf } from './dialogue.ts';
import type { Dialogue } from './dialogue.ts';

const moment = 'One moment please.';
const thanks = 'Thank you for waiting.';
const more = 'Is there anything else I can help you with?';
const welcome = 'You are welcome.';

const bankHello = 'Welcome to Sahyadri Bank. How may I help you today?';
const bankVerify = 'For your security, please tell me the last four digits of your debit card.';
const bankVerified = 'Thank you, you are verified.';
const bankSms = 'You will get a confirmation by SMS shortly.';
const bankSorry = 'I am sorry for the trouble.';
const bankBye = 'Thank you for calling Sahyadri Bank. Have a good day!';

const bank = dialoguesOf('bank-en', 'en-IN', [
  [
    bankHello,
    `Sure. ${bankVerify}`,
    `${bankVerified} ${moment}`,
    `${thanks} The balance in your savings account is Rs. 48,250.75 as of today. ${more}`,
    bankBye,
  ],
  [
    bankHello,
    `${bankSorry} I will block the card right away. ${bankVerify}`,
    `${bankVerified} ${moment}`,
    'The card ending in 4417 is now blocked. Would you like a replacement card?',
    'The new card will reach your address in Pune in 5 to 7 working days. The fee of Rs. 250 is waived for you.',
    `${bankSms} ${more}`,
    bankBye,
  ],
  [
    bankHello,
    `I can check that for you. ${bankVerify}`,
    `${bankVerified} ${moment}`,
    `${thanks} I see a debit of ₹1,250 at 7:20 p.m. on 3 November at a fuel station in Nashik. Do you recognise it?`,
    `${bankSorry} I have raised a dispute. Your reference number is SB 90412.`,
    `The amount will be credited back within 10 working days. ${bankSms}`,
    more,
    bankBye,
  ],
  [
    bankHello,
    'Of course. Is the loan for a new home or for one that is already built?',
    'And how much would you like to borrow?',
    'For Rs. 35 lakh over 20 years at 8.5 percent, the monthly instalment is about Rs. 30,374.',
    'Shall I ask Mr. Kulkarni from our home loan team to call you tomorrow at 11 a.m.?',
    `Done. ${bankSms} ${more}`,
    bankBye,
  ],
]);

const clinicHello = 'Hello, this is Aarogya Clinic. Are you calling to book, change or cancel an appointment?';
const clinicName = 'May I have the full name of the patient, please?';
const clinicCheck = 'Let me check the calendar.';
const clinicBooked = 'Your appointment is confirmed.';
const clinicEarly = 'Please come 10 minutes early and bring your old reports.';
const clinicUrgent = 'If the pain gets worse, please go to the nearest hospital at once.';
const clinicBye = 'Take care, and goodbye.';

const clinic = dialoguesOf('clinic-en', 'en-IN', [
  [
    clinicHello,
    `Sure. ${clinicName}`,
    'Thank you, Meera. Which doctor would you like to see?',
    `${clinicCheck} ${moment}`,
    'Dr. Sharma has a slot on Thursday at 5:30 p.m. and one on Friday at 10 a.m. Which one suits you?',
    `${clinicBooked} It is on Thursday at 5:30 p.m. with Dr. Sharma. ${clinicEarly}`,
    clinicBye,
  ],
  [
    clinicHello,
    `No problem. ${clinicName}`,
    'Thank you, Mr. Joseph. You are booked with Dr. Iyer on Monday at 9 a.m. When would you like to come instead?',
    `${clinicCheck} ${moment}`,
    'Wednesday at noon is free. Shall I move you there?',
    `${clinicBooked} The consultation fee stays Rs. 600. ${more}`,
    clinicBye,
  ],
  [
    clinicHello,
    'I understand. Since when have you had the fever?',
    `Dr. Fernandes can see you today at 6:15 p.m. ${clinicName}`,
    `${clinicBooked} It is today at 6:15 p.m. with Dr. Fernandes. ${clinicUrgent}`,
    `Yes, we take cards and UPI. ${more}`,
    `${welcome} ${clinicBye}`,
  ],
  [
    clinicHello,
    `Certainly. ${clinicName}`,
    `${clinicCheck} ${moment}`,
    'I have cancelled the visit of Ms. Zoya Khan on 14 November. Would you like another date?',
    'All right. Your refund of Rs. 450 will arrive in three days.',
    `${welcome} ${clinicBye}`,
  ],
]);

const foodHello = 'Hi, you have reached Tiffin Express support!';
const foodOrder = 'Could you tell me your order number?';
const foodLooking = 'Let me look into it.';
const foodSorry = 'I am really sorry about that.';
const foodRefund = 'The refund will reach your account in 2 to 3 days.';
const foodRate = 'Please rate this call in the app.';
const foodBye = 'Enjoy your meal!';

const food = dialoguesOf('food-en', 'en-IN', [
  [
    `${foodHello} What can I do for you?`,
    foodOrder,
    `${foodLooking} ${moment}`,
    'Your order 58213 left the kitchen at 8:05 p.m. The rider, Ramesh, is about 12 minutes away.',
    `${foodSorry} Would you like me to ask him to hurry?`,
    `Done, he has been told. ${foodBye}`,
  ],
  [
    `${foodHello} What can I do for you?`,
    `${foodSorry} ${foodOrder}`,
    `${foodLooking} ${moment}`,
    'I can see that the paneer tikka is missing from order 60077. Shall I send it again, or refund it?',
    `I have refunded Rs. 320. ${foodRefund}`,
    `${more} ${foodRate}`,
    foodBye,
  ],
  [
    `${foodHello} What can I do for you?`,
    foodOrder,
    'The order was placed only two minutes ago, so I can still change it. What would you like to add?',
    'I have added one mango lassi for ₹90. Your new total is ₹645.',
    `Yes, cash on delivery is fine. ${more}`,
    foodBye,
  ],
  [
    `${foodHello} What can I do for you?`,
    `${foodSorry} Was the food cold, or was it spilled?`,
    `I understand, that should not happen. ${foodOrder}`,
    `${foodLooking} ${moment}`,
    `You will get the full Rs. 780 back, and a coupon of Rs. 100 for your next order. ${foodRefund}`,
    `${welcome} ${foodRate}`,
  ],
]);

const telecomHello = 'Thank you for calling Vaayu Mobile. You are speaking with Tara.';
const telecomNumber = 'Please tell me your 10-digit mobile number.';
const telecomDetails = 'I have your details here.';
const telecomRestart = 'Please switch your phone off and on again after five minutes.';
const telecomSorry = 'I apologise for the inconvenience.';
const telecomBye = 'Thank you for choosing Vaayu Mobile.';

const telecom = dialoguesOf('telecom-en', 'en-IN', [
  [
    `${telecomHello} How can I help?`,
    telecomNumber,
    `${telecomDetails} ${moment}`,
    'You have used 1.4 of your 2 GB for today. The rest is valid until midnight.',
    'The top-up of 5 GB costs Rs. 58 and starts at once. Would you like it?',
    `It is active now. ${more}`,
    telecomBye,
  ],
  [
    `${telecomHello} How can I help?`,
    `${telecomSorry} ${telecomNumber}`,
    `${telecomDetails} Is the signal weak at home only, or everywhere?`,
    'There is an outage near your tower in Sector 21. Our engineers expect to fix it by 4 p.m. today.',
    `I have added a credit of Rs. 50 to your account. ${telecomSorry}`,
    `${more} ${telecomBye}`,
  ],
  [
    `${telecomHello} How can I help?`,
    telecomNumber,
    `${telecomDetails} ${moment}`,
    'Your last bill of ₹799 includes international roaming for three days in Dubai. Shall I send you the itemised bill?',
    'It is on its way to your e-mail address. You can also find it at www.vaayu.example in your account.',
    `${more} ${telecomBye}`,
  ],
  [
    `${telecomHello} How can I help?`,
    `${telecomNumber} I will activate your new SIM.`,
    'Thank you. Please read me the last five digits of the SIM card.',
    `The SIM ending in 30981 is being activated. ${telecomRestart}`,
    `If it still does not work, call us on 198. ${more}`,
    telecomBye,
  ],
]);

const travelHello = 'Namaste, welcome to Yatra Mitra. Where would you like to travel?';
const travelSearch = 'Let me search for you.';
const travelTicket = 'I am sending the ticket to your e-mail and your phone.';
const travelId = 'Please carry a photo ID.';
const travelPayment = 'How would you like to pay?';
const travelBye = 'Have a safe journey!';

const travel = dialoguesOf('travel-en', 'en-IN', [
  [
    travelHello,
    'And on which date?',
    `${travelSearch} ${moment}`,
    'There is a flight from Mumbai to Kochi at 6:40 a.m. for Rs. 4,899 and one at 9:15 p.m. for Rs. 3,650.',
    `The evening flight it is. ${travelPayment}`,
    `The payment went through, and your booking number is KQ7T2M. ${travelTicket}`,
    `${travelId} ${travelBye}`,
  ],
  [
    travelHello,
    'Would you like to go by train or by bus?',
    `${travelSearch} ${moment}`,
    'The overnight train leaves Jaipur at 11:55 p.m. and reaches Delhi at 5:10 a.m. Two berths are left in coach B.',
    `The fare for both is ₹1,540. ${travelPayment}`,
    `${travelTicket} ${travelId}`,
    travelBye,
  ],
  [
    travelHello,
    'I see, you want to cancel. What is your booking number?',
    `${moment} I have found the booking of Mrs. D'Souza to Goa on 22 December.`,
    'The airline charges Rs. 1,200 for a cancellation today. Shall I go ahead?',
    'It is cancelled. You get Rs. 2,310 back on your card within a week.',
    `${more} ${travelBye}`,
  ],
  [
    travelHello,
    'A good choice. How many nights will you stay, and how many guests are you?',
    `${travelSearch} ${moment}`,
    'The Lake View Hotel has a double room for Rs. 2,750 a night, with breakfast. It is 3.5 km from the station.',
    `Shall I book it? ${travelPayment}`,
    `Your room is booked for three nights from 9 January. ${travelTicket}`,
    `${welcome} ${travelBye}`,
  ],
]);

/** Twenty dialogues of five agents in Indian English. */
export const english: readonly Dialogue[] = [...bank, ...clinic, ...food, ...telecom, ...travel];
