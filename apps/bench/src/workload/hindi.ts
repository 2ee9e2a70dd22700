// Data, therefore long. Constants are the phrases that an agent says in many calls; they recur to the letter.

import { dialoguesOf } from './dialogue.ts';
import type { Dialogue } from './dialogue.ts';

const moment = 'कृपया एक क्षण रुकिए।';
const thanks = 'प्रतीक्षा के लिए धन्यवाद।';
const more = 'क्या मैं आपकी और कोई सहायता कर सकती हूँ?';
const yes = 'जी हाँ।';

const bankHello = 'नमस्ते, सह्याद्रि बैंक में आपका स्वागत है। मैं आपकी क्या सहायता कर सकती हूँ?';
const bankVerify = 'सुरक्षा के लिए, कृपया अपने डेबिट कार्ड के अंतिम चार अंक बताइए।';
const bankVerified = 'धन्यवाद, आपकी पहचान हो गई है।';
const bankSms = 'आपको थोड़ी देर में एसएमएस मिल जाएगा।';
const bankSorry = 'असुविधा के लिए क्षमा कीजिए।';
const bankBye = 'सह्याद्रि बैंक को कॉल करने के लिए धन्यवाद। आपका दिन शुभ हो!';

const bank = dialoguesOf('bank-hi', 'hi-IN', [
  [
    bankHello,
    `ज़रूर। ${bankVerify}`,
    `${bankVerified} ${moment}`,
    `${thanks} आपके बचत खाते में आज रु. 48,250 शेष हैं। ${more}`,
    bankBye,
  ],
  [
    bankHello,
    `${bankSorry} मैं आपका कार्ड अभी बंद करती हूँ। ${bankVerify}`,
    `${bankVerified} ${moment}`,
    '4417 पर समाप्त होने वाला कार्ड बंद कर दिया गया है। क्या आपको नया कार्ड चाहिए?',
    'नया कार्ड पाँच से सात दिन में आपके पुणे वाले पते पर पहुँच जाएगा।',
    `${bankSms} ${more}`,
    bankBye,
  ],
  [
    bankHello,
    `मैं अभी देखती हूँ। ${bankVerify}`,
    `${bankVerified} ${moment}`,
    `${thanks} तीन नवंबर को शाम 7:20 बजे नासिक के एक पेट्रोल पंप पर ₹1,250 कटे हैं। क्या यह भुगतान आपने किया था?`,
    `${bankSorry} मैंने शिकायत दर्ज कर ली है। आपका शिकायत नंबर 90412 है।`,
    `दस दिन के भीतर राशि आपके खाते में लौट आएगी। ${bankSms}`,
    more,
    bankBye,
  ],
  [
    bankHello,
    'ज़रूर। ऋण नए मकान के लिए चाहिए या बने हुए मकान के लिए?',
    'और आप कितनी राशि लेना चाहेंगे?',
    'पैंतीस लाख रुपये पर, बीस साल के लिए, 8.5 प्रतिशत ब्याज से मासिक किस्त लगभग 30,374 रुपये होगी।',
    'क्या श्री. कुलकर्णी कल सुबह ग्यारह बजे आपको कॉल करें?',
    `ठीक है। ${bankSms} ${more}`,
    bankBye,
  ],
]);

const clinicHello = 'नमस्ते, आरोग्य क्लिनिक से बोल रही हूँ। आप अपॉइंटमेंट लेना चाहते हैं या बदलना चाहते हैं?';
const clinicName = 'कृपया मरीज़ का पूरा नाम बताइए।';
const clinicCheck = 'मैं कैलेंडर देखती हूँ।';
const clinicBooked = 'आपका अपॉइंटमेंट पक्का हो गया है।';
const clinicEarly = 'कृपया दस मिनट पहले आइए और पुरानी रिपोर्ट साथ लाइए।';
const clinicUrgent = 'अगर दर्द बढ़े, तो तुरंत नज़दीकी अस्पताल जाइए।';
const clinicBye = 'अपना ध्यान रखिए, नमस्ते।';

const clinic = dialoguesOf('clinic-hi', 'hi-IN', [
  [
    clinicHello,
    `ठीक है। ${clinicName}`,
    'धन्यवाद, मीरा जी। आप किस डॉक्टर से मिलना चाहेंगी?',
    `${clinicCheck} ${moment}`,
    'डॉ. शर्मा गुरुवार को शाम साढ़े पाँच बजे और शुक्रवार को सुबह दस बजे मिल सकते हैं। आपको कौन सा समय ठीक लगेगा?',
    `${clinicBooked} गुरुवार को शाम साढ़े पाँच बजे डॉ. शर्मा से मिलना है। ${clinicEarly}`,
    clinicBye,
  ],
  [
    clinicHello,
    `कोई बात नहीं। ${clinicName}`,
    'आपका समय सोमवार को सुबह नौ बजे डॉ. अय्यर के साथ है। अब आप कब आना चाहेंगे?',
    `${clinicCheck} ${moment}`,
    'बुधवार को दोपहर बारह बजे का समय खाली है। क्या मैं वह रख दूँ?',
    `${clinicBooked} परामर्श शुल्क रु. 600 ही रहेगा। ${more}`,
    clinicBye,
  ],
  [
    clinicHello,
    'मैं समझती हूँ। बुखार कब से है?',
    `डॉ. फ़र्नांडिस आज शाम 6:15 बजे आपको देख सकती हैं। ${clinicName}`,
    `${clinicBooked} आज शाम 6:15 बजे डॉ. फ़र्नांडिस से मिलना है। ${clinicUrgent}`,
    `${yes} आप कार्ड या यूपीआई से भुगतान कर सकते हैं। ${more}`,
    clinicBye,
  ],
  [
    clinicHello,
    `ज़रूर। ${clinicName}`,
    `${clinicCheck} ${moment}`,
    'ज़ोया ख़ान का चौदह नवंबर का अपॉइंटमेंट रद्द कर दिया है। क्या कोई दूसरी तारीख़ चाहिए?',
    'ठीक है। आपके रु. 450 तीन दिन में लौट आएँगे।',
    clinicBye,
  ],
]);

const foodHello = 'नमस्ते, टिफ़िन एक्सप्रेस में आपका स्वागत है!';
const foodHelp = 'बताइए, क्या परेशानी है?';
const foodOrder = 'कृपया अपना ऑर्डर नंबर बताइए।';
const foodLooking = 'मैं अभी पता करती हूँ।';
const foodSorry = 'इसके लिए हमें बहुत खेद है।';
const foodRefund = 'पैसे दो से तीन दिन में आपके खाते में आ जाएँगे।';
const foodRate = 'कृपया ऐप में इस कॉल को रेटिंग दीजिए।';
const foodBye = 'भोजन का आनंद लीजिए!';

const food = dialoguesOf('food-hi', 'hi-IN', [
  [
    `${foodHello} ${foodHelp}`,
    foodOrder,
    `${foodLooking} ${moment}`,
    'आपका ऑर्डर 58213 रात 8:05 बजे रसोई से निकल चुका है। हमारे राइडर रमेश लगभग बारह मिनट में पहुँचेंगे।',
    `${foodSorry} क्या मैं उन्हें जल्दी आने को कहूँ?`,
    `मैंने उन्हें बता दिया है। ${foodBye}`,
  ],
  [
    `${foodHello} ${foodHelp}`,
    `${foodSorry} ${foodOrder}`,
    `${foodLooking} ${moment}`,
    'ऑर्डर 60077 में पनीर टिक्का नहीं पहुँचा है। उसे दोबारा भेजूँ या पैसे लौटा दूँ?',
    `मैंने 320 रुपये लौटा दिए हैं। ${foodRefund}`,
    `${more} ${foodRate}`,
    foodBye,
  ],
  [
    `${foodHello} ${foodHelp}`,
    foodOrder,
    'ऑर्डर अभी दो मिनट पहले ही आया है, इसलिए मैं उसे बदल सकती हूँ। आप क्या जोड़ना चाहेंगे?',
    'मैंने ₹90 की एक मैंगो लस्सी जोड़ दी है। अब कुल ₹645 हुए।',
    `${yes} आप पैसे घर पर भी दे सकते हैं। ${more}`,
    foodBye,
  ],
  [
    `${foodHello} ${foodHelp}`,
    `${foodSorry} खाना ठंडा था या गिर गया था?`,
    `ऐसा नहीं होना चाहिए था। ${foodOrder}`,
    `${foodLooking} ${moment}`,
    `आपको पूरे 780 रुपये और अगले ऑर्डर के लिए सौ रुपये का कूपन मिलेगा। ${foodRefund}`,
    foodRate,
  ],
]);

const telecomHello = 'वायु मोबाइल को कॉल करने के लिए धन्यवाद। मैं तारा बोल रही हूँ।';
const telecomHelp = 'मैं आपके लिए क्या कर सकती हूँ?';
const telecomNumber = 'कृपया अपना दस अंकों का मोबाइल नंबर बताइए।';
const telecomDetails = 'आपकी जानकारी मेरे सामने है।';
const telecomRestart = 'पाँच मिनट बाद फ़ोन बंद करके फिर चालू कीजिए।';
const telecomSorry = 'आपको हुई परेशानी के लिए माफ़ी चाहती हूँ।';
const telecomBye = 'वायु मोबाइल चुनने के लिए धन्यवाद।';

const telecom = dialoguesOf('telecom-hi', 'hi-IN', [
  [
    `${telecomHello} ${telecomHelp}`,
    telecomNumber,
    `${telecomDetails} ${moment}`,
    'आज के 2 जीबी में से आप 1.4 जीबी इस्तेमाल कर चुके हैं। बाकी डेटा आधी रात तक चलेगा।',
    '5 जीबी का टॉप-अप रु. 58 का है और तुरंत शुरू हो जाता है। क्या आप इसे लेना चाहेंगे?',
    `यह अब चालू है। ${more}`,
    telecomBye,
  ],
  [
    `${telecomHello} ${telecomHelp}`,
    `${telecomSorry} ${telecomNumber}`,
    `${telecomDetails} सिग्नल केवल घर पर कमज़ोर है या हर जगह?`,
    'सेक्टर 21 के टावर में ख़राबी है। हमारे इंजीनियर इसे आज शाम चार बजे तक ठीक कर देंगे।',
    `मैंने आपके खाते में पचास रुपये जोड़ दिए हैं। ${telecomSorry}`,
    `${more} ${telecomBye}`,
  ],
  [
    `${telecomHello} ${telecomHelp}`,
    telecomNumber,
    `${telecomDetails} ${moment}`,
    'आपके ₹799 के पिछले बिल में दुबई की तीन दिन की रोमिंग शामिल है। क्या मैं पूरा बिल भेज दूँ?',
    'बिल आपके ईमेल पर भेज दिया गया है।',
    `${more} ${telecomBye}`,
  ],
  [
    `${telecomHello} ${telecomHelp}`,
    `मैं आपका नया सिम चालू करती हूँ। ${telecomNumber}`,
    'अब सिम कार्ड के अंतिम पाँच अंक पढ़कर बताइए।',
    `30981 वाला सिम चालू हो रहा है। ${telecomRestart}`,
    `अगर फिर भी न चले, तो 198 पर कॉल कीजिए। ${more}`,
    telecomBye,
  ],
]);

const travelHello = 'नमस्ते, यात्रा मित्र में आपका स्वागत है। आप कहाँ जाना चाहते हैं?';
const travelSearch = 'मैं आपके लिए विकल्प देखती हूँ।';
const travelTicket = 'टिकट आपके ईमेल और फ़ोन पर भेज रही हूँ।';
const travelId = 'कृपया अपना पहचान पत्र साथ रखिए।';
const travelPayment = 'आप भुगतान कैसे करना चाहेंगे?';
const travelBye = 'आपकी यात्रा मंगलमय हो!';

const travel = dialoguesOf('travel-hi', 'hi-IN', [
  [
    travelHello,
    'और किस तारीख़ को?',
    `${travelSearch} ${moment}`,
    'मुंबई से कोच्चि की एक उड़ान सुबह 6:40 बजे रु. 4,899 में है, और दूसरी रात 9:15 बजे रु. 3,650 में।',
    `ठीक है, रात वाली उड़ान। ${travelPayment}`,
    `भुगतान हो गया है, और आपका बुकिंग नंबर 72415 है। ${travelTicket}`,
    `${travelId} ${travelBye}`,
  ],
  [
    travelHello,
    'आप ट्रेन से जाना चाहेंगे या बस से?',
    `${travelSearch} ${moment}`,
    'ट्रेन जयपुर से रात 11:55 बजे चलती है और सुबह 5:10 बजे दिल्ली पहुँचती है। उसमें दो बर्थ बची हैं।',
    `दोनों का किराया ₹1,540 है। ${travelPayment}`,
    `${travelTicket} ${travelId}`,
    travelBye,
  ],
  [
    travelHello,
    'अच्छा, आप टिकट रद्द करना चाहते हैं। आपका बुकिंग नंबर क्या है?',
    `${moment} श्रीमती डिसूज़ा की बाईस दिसंबर की गोवा की बुकिंग मिल गई है।`,
    'आज रद्द करने पर 1,200 रुपये कटेंगे। क्या मैं आगे बढ़ूँ?',
    'टिकट रद्द हो गया है। एक सप्ताह में 2,310 रुपये आपके कार्ड पर लौट आएँगे।',
    `${more} ${travelBye}`,
  ],
  [
    travelHello,
    'बहुत अच्छी जगह है। आप कितनी रातें रुकेंगे, और कितने लोग होंगे?',
    `${travelSearch} ${moment}`,
    'लेक व्यू होटल में नाश्ते के साथ एक कमरा 2,750 रुपये प्रति रात का है। वह स्टेशन से साढ़े तीन कि.मी. दूर है।',
    `क्या मैं बुक कर दूँ? ${travelPayment}`,
    `नौ जनवरी से तीन रातों के लिए आपका कमरा बुक हो गया है। ${travelTicket}`,
    travelBye,
  ],
]);

/** Twenty dialogues of five agents in Hindi, in Devanagari. */
export const hindi: readonly Dialogue[] = [...bank, ...clinic, ...food, ...telecom, ...travel];
