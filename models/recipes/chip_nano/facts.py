"""Tables of invented support facts: how a document may say each, and how people ask for it.

A pattern's slots: {p} the product, {v} a value drawn for the fact, {v2} a second one. Statements with "It" lean on
their heading. Only words live here.
"""

# A table reads best with one row to a line.
# ruff: noqa: E501

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fact: section heading, value pattern, ways to state it, ways to ask."""

    section: str
    value: str
    says: tuple[str, ...]
    asks: tuple[str, ...]


def _kind(section: str, value: str, says: str, asks: str) -> Kind:
    return Kind(section, value, tuple(says.split(" | ")), tuple(asks.split(" | ")))


PRODUCT_FACTS = (
    _kind(
        "Specifications",
        "<1-40>.<0-9> kg",
        "The {p} weighs {v}. | It weighs {v} without accessories. | Weight: {v}.",
        "How heavy is the {p}? | What does the {p} weigh? | weight of {p}? | Is the {p} heavy?",
    ),
    _kind(
        "Specifications",
        "<10-90> × <10-90> × <5-60> cm",
        "The {p} measures {v}. | Its dimensions are {v}. | Size: {v}, with the stand.",
        "How big is the {p}? | What are the dimensions of the {p}? | Will the {p} fit on my shelf? | what size is the {p}",
    ),
    _kind(
        "Specifications",
        "<1-9>.<0-9> litres",
        "The tank of the {p} holds {v}. | Its tank takes {v} of water. | Capacity: {v}.",
        "How much water fits into the {p}? | What is the capacity of the {p}? | How many litres does the {p} hold? | How large is the tank?",
    ),
    _kind(
        "Power",
        "<3-48> hours",
        "A full battery of the {p} lasts {v}. | It runs for {v} on one charge. | Battery life: up to {v}.",
        "How long does the battery of the {p} last? | What is the battery life of the {p}? | How long can I use the {p} without charging?",
    ),
    _kind(
        "Power",
        "<20-240> minutes",
        "Charging the {p} takes {v}. | It is fully charged after {v}. | A full charge takes about {v} with the supplied cable.",
        "How long does it take to charge the {p}? | When is the {p} fully charged? | charging time {p}?",
    ),
    _kind(
        "Power",
        "<40-2400> watts",
        "The {p} draws {v}. | It uses {v} at full power. | Power consumption: {v}.",
        "How much power does the {p} use? | What is the wattage of the {p}? | How many watts does the {p} need?",
    ),
    _kind(
        "Specifications",
        "<20-85> decibels",
        "The {p} is as loud as {v}. | Its noise level is {v} at normal speed.",
        "How loud is the {p}? | Is the {p} noisy? | What is the noise level of the {p}?",
    ),
    _kind(
        "Specifications",
        "<2-80> metres",
        "The {p} has a range of {v}. | It reaches {v} indoors.",
        "How far does the {p} reach? | What is the range of the {p}? | From what distance does the {p} work?",
    ),
    _kind(
        "Prices",
        "<$><9-1900>",
        "The {p} costs {v}. | Its price is {v} including tax. | We sell the {p} for {v}.",
        "How much is the {p}? | What does the {p} cost? | price of the {p}? | How much do I pay for a {p}?",
    ),
    _kind(
        "Prices",
        "<$><4-190>",
        "A spare battery for the {p} costs {v}. | Replacement batteries are {v} each.",
        "How much is a new battery for the {p}? | What does a replacement battery cost? | Can I buy another battery?",
    ),
    _kind(
        "Warranty",
        "<1-10> years",
        "The {p} has a warranty of {v}. | It comes with a {v} guarantee on parts and labour. | We repair the {p} free of charge for {v}.",
        "How long is the warranty of the {p}? | Is the {p} still under guarantee after a while? | How many years of warranty do I get?",
    ),
    _kind(
        "Cleaning",
        "<2-12> weeks",
        "Clean the filter of the {p} every {v}. | Its filter should be rinsed every {v}.",
        "How often should I clean the filter? | When does the filter of the {p} need cleaning? | How do I look after the filter?",
    ),
    _kind(
        "Cleaning",
        "<part>",
        "The {v} of the {p} is dishwasher safe. | You can put the {v} into the dishwasher.",
        "What can go into the dishwasher? | Is the {v} dishwasher safe? | Can I wash the {v} in the machine?",
    ),
    _kind(
        "Cleaning",
        "<part>",
        "Do not put the {v} of the {p} into the dishwasher; wash it by hand. | The {v} must be washed by hand.",
        "Can the {v} go into the dishwasher? | How do I wash the {v}? | Is it safe to machine-wash the {v}?",
    ),
    _kind(
        "Setup",
        "<2-10> seconds",
        "To pair the {p}, hold the power button for {v}. | Press and hold its side button for {v} until the light blinks blue.",
        "How do I pair the {p}? | How do I connect the {p} to my phone? | Bluetooth pairing {p}?",
    ),
    _kind(
        "Setup",
        "<5-30> seconds",
        "To reset the {p}, press the small button on the back for {v}. | A factory reset needs {v} on the reset button.",
        "How do I reset the {p}? | How can I restore the factory settings? | I want to start over with my {p}.",
    ),
    _kind(
        "Setup",
        "<band>",
        "The {p} works on {v} networks only. | It connects to {v} Wi-Fi.",
        "Which Wi-Fi does the {p} need? | Does the {p} support my network? | Can I use the {p} with my router?",
    ),
    _kind(
        "Compatibility",
        "<system>",
        "The {p} app needs {v} or newer. | It supports {v} and later.",
        "Which phones work with the {p}? | What version of the system do I need for the app? | Is the {p} compatible with my phone?",
    ),
    _kind(
        "Specifications",
        "<colour> and <colour>",
        "The {p} comes in {v}. | It is available in {v}.",
        "Which colours does the {p} come in? | What colors are there? | Can I get the {p} in another colour?",
    ),
    _kind(
        "Specifications",
        "<material>",
        "The housing of the {p} is made of {v}. | It is built from {v}.",
        "What is the {p} made of? | Which material is used for the {p}? | Is the {p} plastic?",
    ),
    _kind(
        "Safety",
        "<20-60> degrees",
        "Do not use the {p} above {v}. | Its maximum operating temperature is {v}.",
        "How hot may it get around the {p}? | Can I leave the {p} in the sun? | What temperature can the {p} stand?",
    ),
    _kind(
        "Safety",
        "<rate>",
        "The {p} is rated {v}: it survives rain but not swimming. | Its protection class is {v}.",
        "Is the {p} waterproof? | Can I use the {p} in the rain? | Can the {p} get wet?",
    ),
    _kind(
        "Limits",
        "<2-250> <people>",
        "The {p} supports up to {v}. | You can add {v} at most.",
        "How many {v2} can I add to the {p}? | What is the limit of the {p}? | Is there a maximum number?",
    ),
    _kind(
        "Limits",
        "<5-900> MB",
        "Files sent to the {p} may be up to {v}. | The upload limit is {v} for each file.",
        "How large can a file be? | What is the maximum upload size? | Why is my file too big for the {p}?",
    ),
    _kind(
        "Features",
        "<port>",
        "The {p} has {v}. | It comes with {v} on the back.",
        "Which ports does the {p} have? | Can I plug in a cable? | What connections are there on the {p}?",
    ),
    _kind(
        "Features",
        "<missing>",
        "The {p} has no {v}. | It does not support {v}. | There is no {v} in this model.",
        "Does the {p} have {v}? | How do I turn on {v} on the {p}? | Where is the {v}? | Can I use {v} with the {p}?",
    ),
    _kind(
        "Features",
        "<missing>",
        "The {p} comes with {v}. | It includes {v} as standard. | You can switch on {v} in the settings.",
        "Does the {p} have {v}? | Is there {v} on the {p}? | Can I use {v} with it?",
    ),
    _kind(
        "In the box",
        "<part>, <part> and a printed guide",
        "The box of the {p} holds {v}. | It is delivered with {v}.",
        "What is in the box? | What comes with the {p}? | Which accessories are included?",
    ),
    _kind(
        "Subscription",
        "<$><2-90> a month",
        "The {p} plan costs {v}. | It is billed at {v}, cancel any time.",
        "How much is the {p} plan? | What does the subscription cost per month? | monthly price?",
    ),
    _kind(
        "Support",
        "<month> <2027-2034>",
        "The {p} gets software updates until {v}. | It is supported until {v}.",
        "How long will the {p} get updates? | When does support for the {p} end? | Is the {p} still supported?",
    ),
)

COMPANY_FACTS = (
    _kind(
        "Returns",
        "<7-90> days",
        "You can return anything within {v} of delivery. | Unused items can be sent back within {v}. | Our return window is {v}.",
        "How long do I have to return something? | Can I send it back? | What is your return policy? | I changed my mind, can I return my order?",
    ),
    _kind(
        "Returns",
        "<2-14> working days",
        "Refunds reach your account within {v}. | We pay the money back within {v} after the parcel arrives.",
        "When do I get my money back? | How long does a refund take? | Where is my refund?",
    ),
    _kind(
        "Returns",
        "<$><2-15>",
        "We charge {v} for a return label. | Return shipping costs {v}, taken off the refund.",
        "Who pays for return shipping? | Is returning free? | What does it cost to send something back?",
    ),
    _kind(
        "Returns",
        "<goods>",
        "{v} cannot be returned once opened. | We do not take back {v} that have been opened.",
        "Can I return opened {v}? | What can't be returned? | Are there items that you don't take back?",
    ),
    _kind(
        "Shipping",
        "<1-9> working days",
        "Standard delivery takes {v}. | Parcels arrive within {v}.",
        "How long does shipping take? | When will my order arrive? | delivery time?",
    ),
    _kind(
        "Shipping",
        "<$><3-30>",
        "Express delivery costs {v}. | For {v} your parcel comes the next day.",
        "What does express delivery cost? | Can I get it faster? | How much is next-day shipping?",
    ),
    _kind(
        "Shipping",
        "<$><20-200>",
        "Shipping is free for orders above {v}. | We deliver free of charge from {v}.",
        "Is shipping free? | From what amount is delivery free? | When do I not pay for shipping?",
    ),
    _kind(
        "Shipping",
        "<country>, <country> and <country>",
        "We ship to {v}. | Delivery is possible to {v} only.",
        "Which countries do you ship to? | Do you deliver abroad? | Can you send it to another country?",
    ),
    _kind(
        "Shipping",
        "<country>",
        "We do not ship to {v} at the moment. | Orders to {v} are not possible.",
        "Do you ship to {v}? | Can I order from {v}? | I live in {v}, will you deliver?",
    ),
    _kind(
        "Orders",
        "<15-120> minutes",
        "You can change an order within {v} of placing it. | Orders can be cancelled for {v}.",
        "Can I change my order? | How do I cancel my order? | I ordered the wrong size, what now?",
    ),
    _kind(
        "Orders",
        "<link>",
        "Track your parcel at {v}. | The tracking page is {v}.",
        "Where is my parcel? | How do I track my order? | Where can I see the status of my delivery?",
    ),
    _kind(
        "Payment",
        "<pay>, <pay> and <pay>",
        "We accept {v}. | You can pay with {v}.",
        "How can I pay? | Which payment methods do you take? | Do you accept credit cards?",
    ),
    _kind(
        "Payment",
        "<2-24> monthly instalments",
        "You can pay in {v} without interest. | Orders can be split into {v}.",
        "Can I pay in instalments? | Is there a way to pay later? | Do you offer payment plans?",
    ),
    _kind(
        "Invoices",
        "<day> of each month",
        "Invoices are sent on the {v}. | We bill you on the {v}.",
        "When do I get my invoice? | When am I billed? | On which day do you charge my card?",
    ),
    _kind(
        "Invoices",
        "<link>",
        "Download invoices at {v}. | Your receipts are at {v}.",
        "Where do I find my invoice? | I need a receipt. | How do I download my bill?",
    ),
    _kind(
        "Account",
        "<10-60> minutes",
        "A password reset link is valid for {v}. | The link in the reset mail expires after {v}.",
        "How long is the password link valid? | My reset link expired, why? | The link to set a new password does not work.",
    ),
    _kind(
        "Account",
        "<menu>",
        "To change your password, open {v}. | Passwords are changed under {v}.",
        "How do I change my password? | I forgot my password. | Where can I set a new password?",
    ),
    _kind(
        "Account",
        "<menu>",
        "To delete your account, go to {v} and confirm by e-mail. | Accounts are closed under {v}.",
        "How do I delete my account? | I want to close my account. | Can you remove my profile?",
    ),
    _kind(
        "Account",
        "<menu>",
        "Turn on two-step sign-in under {v}. | Two-factor authentication is in {v}.",
        "How do I turn on 2FA? | Can I protect my account with a second factor? | Where is two-step sign-in?",
    ),
    _kind(
        "Account",
        "<menu>",
        "To change your e-mail address, use {v}. | A new address is entered under {v}.",
        "How do I change my email? | My address has changed. | Can I use another e-mail for my account?",
    ),
    _kind(
        "Privacy",
        "<10-400> days",
        "We keep chat logs for {v}. | Conversations are deleted after {v}.",
        "How long do you keep my data? | When are chats deleted? | Do you store our conversation?",
    ),
    _kind(
        "Hours",
        "<8-10> a.m. to <4-9> p.m.",
        "Our support team is there from {v} on weekdays. | Phone support: {v}, Monday to Friday.",
        "When can I call you? | What are your opening hours? | When is support available?",
    ),
    _kind(
        "Hours",
        "<weekday>",
        "The service centre is closed on {v}. | We do not work on {v}.",
        "Are you open on {v}? | When are you closed? | Can I come by on {v}?",
    ),
    _kind(
        "Contact",
        "<link>",
        "Write to us at {v}. | You reach the support team at {v}.",
        "How can I contact you? | What is your address for questions? | Where do I send a complaint?",
    ),
    _kind(
        "Discounts",
        "<5-50> percent",
        "Students get {v} off. | There is a {v} discount for students and teachers.",
        "Is there a student discount? | Do teachers pay less? | Can I get a lower price as a student?",
    ),
    _kind(
        "Discounts",
        "<5-40> percent",
        "Schools and charities save {v}. | We give non-profit groups {v} off.",
        "Do you have prices for charities? | We are a non-profit, is there a discount? | Is it cheaper for schools?",
    ),
    _kind(
        "Discounts",
        "<code>",
        "The code {v} takes the shipping costs off your first order. | New customers can use {v}.",
        "Is there a voucher for new customers? | Do you have a discount code? | What is the promo code?",
    ),
    _kind(
        "Trial",
        "<7-60> days",
        "The free trial lasts {v}. | You can try everything for {v} without paying.",
        "How long is the trial? | Can I try it first? | Is there a free version?",
    ),
    _kind(
        "Repairs",
        "<2-20> working days",
        "A repair takes {v}. | Repaired devices come back within {v}.",
        "How long does a repair take? | When do I get my device back? | My device is broken, how long until it is fixed?",
    ),
    _kind(
        "Repairs",
        "<$><10-150>",
        "An inspection outside the warranty costs {v}. | We charge {v} to look at a device without warranty.",
        "What does a repair cost? | Is the inspection free? | What do I pay when the warranty is over?",
    ),
    _kind(
        "Damage",
        "<1-10> days",
        "Report a damaged parcel within {v} with a photo. | Damage must be reported within {v}.",
        "My parcel arrived damaged. | What if something is broken on arrival? | The item came with a crack, what do I do?",
    ),
    _kind(
        "Gift cards",
        "<1-5> years",
        "Gift cards are valid for {v}. | A gift card expires after {v}.",
        "How long is a gift card valid? | Does my gift card expire? | Can I still use an old voucher?",
    ),
    _kind(
        "Jobs",
        "<link>",
        "Open positions are listed at {v}. | To apply, send your papers to {v}.",
        "Are you hiring? | How do I apply for a job? | Where are open positions?",
    ),
)

ERROR_MEANINGS = (
    "the water tank is empty; fill it and press start", "the lid is not closed properly", "the filter is blocked; rinse it under warm water",
    "the motor is too hot; let it cool for 20 minutes", "the battery is low; charge it for an hour", "the sensor is dirty; wipe it with a dry cloth",
    "the connection to the server was lost", "the firmware is out of date; install the update in the app", "the card was declined by the bank",
    "the disk is full; delete old files", "the password was wrong three times", "the licence has expired", "the pump is stuck; call the service",
    "the cable is loose; plug it in again", "the room is too cold for the device", "two devices use the same address",
)  # fmt: skip

STEPS = (
    ("How do I {do}?", "To {do}, {a}, then {b} and {c}."),
    ("What are the steps to {do}?", "To {do}: 1. {A}. 2. {B}. 3. {C}."),
    ("I want to {do}.", "{A}, {b}, and finally {c}; now you can {do}."),
)
TASKS = ("descale the machine", "replace the filter", "update the firmware", "export my contacts", "invite a colleague", "share a folder",
         "cancel the subscription", "register the device", "change the blade", "mount the bracket", "print a label", "merge two accounts",
         "set up voice control", "restore a backup", "empty the dust box", "calibrate the scale", "add a payment card", "book a repair",
         "switch the language", "connect a second screen", "pause deliveries", "redeem a voucher", "silence the alarm", "store it in winter")  # fmt: skip
ACTIONS = ("open the app", "press the green button", "choose Settings", "unplug the device", "wait for one minute", "remove the cover",
           "scan the code on the box", "enter the serial number", "tap Confirm", "turn the knob to the left", "fill in the form", "hold both keys",
           "click Save", "lift the handle", "sign in as administrator", "insert the tray", "select Advanced", "pour in the liquid",
           "pull out the drawer", "check the light", "drag the file into the window", "switch the power on", "close the lid", "sign the receipt")  # fmt: skip

UNANSWERABLE = (
    "How do I make the {p} fly?", "Who won the football match yesterday?", "What is the capital of {country}?", "Can the {p} read my mind?",
    "How old is the founder?", "What is your share price?", "Can you write me a poem?", "Does the {p} predict the weather?",
    "Who designed the logo?", "How many people work for you?", "Is the {p} safe for my parrot?", "Can I rent the {p} for a wedding?",
    "What is the recipe for pancakes?", "Do you sponsor sports clubs?", "Which film won the prize last year?", "How do I cook rice in the {p}?",
    "What is the meaning of life?", "Can I pay with shells?", "Does the {p} work on Mars?", "Can you book me a flight to {country}?",
    "What is 17 times 23?", "Will there be a {p} for cats?", "How tall is the highest mountain?", "When was the company founded?",
    "How do I remove a coffee stain from a shirt?", "Which bank do you use?", "What did the manager say about layoffs?", "Tell me a secret.",
)  # fmt: skip

WORDS = {
    "part": ["jug", "lid", "tray", "bowl", "blade", "brush", "nozzle", "handle", "strap", "drawer", "basket", "mat", "hose", "cup", "rack", "funnel", "sieve", "case", "remote", "stand"],
    "band": ["2.4 GHz", "5 GHz", "2.4 and 5 GHz", "wired"],
    "system": ["Android 9", "Android 11", "iOS 14", "iOS 16", "Windows 10", "macOS 12"],
    "colour": ["black", "white", "grey", "red", "blue", "green", "yellow", "orange", "silver", "copper", "sand", "mint", "navy", "cream"],
    "material": ["aluminium", "recycled plastic", "steel", "oak", "glass", "bamboo", "silicone", "ceramic", "carbon fibre"],
    "rate": ["IP44", "IP54", "IP65", "IP67", "IPX4"],
    "people": ["users", "devices", "guests", "members", "sensors", "projects", "rooms", "profiles", "recipes", "cameras"],
    "port": ["two USB-C ports", "one HDMI port", "an Ethernet port", "a headphone jack", "a card reader", "three USB ports"],
    "missing": ["Wi-Fi", "Bluetooth", "a timer", "night mode", "voice control", "GPS", "a camera", "child lock", "dark mode", "offline maps",
                "single sign-on", "a screen", "wireless charging", "an alarm", "a heater", "automatic backup", "an ice function", "steam"],
    "month": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "goods": ["Filters", "Headphones", "Software licences", "Cosmetics", "Food", "Gift cards", "Mattresses", "Custom prints"],
    "country": ["Norway", "Iceland", "Canada", "Brazil", "Japan", "Kenya", "Spain", "Poland", "Chile", "Ireland", "Austria", "India", "Malta", "Turkey", "Peru", "Finland"],
    "link": [],
    "code": [],
    "pay": ["Visa", "Mastercard", "PayPal", "bank transfer", "invoice", "Apple Pay", "direct debit", "gift cards", "cash on delivery"],
    "day": ["1st", "2nd", "3rd", "5th", "10th", "15th", "20th", "28th", "last"],
    "weekday": ["Sundays", "Saturdays", "Mondays", "Wednesdays", "holidays"],
    "menu": ["Settings › Security", "Profile › Edit", "Account › Privacy", "Menu › Help › Account", "Settings › General", "My data › Sign-in"],
}  # fmt: skip
