"""Every sentence that Chip says by itself: to askers, to voters, to admins. Plain words, no names, no gender.

Knows nothing of when they are said. The callers fill the `{...}` fields.
"""

THINKING = "is reading the documents…"
WAITING = "is answering {ahead} others first, which takes about {seconds} s…"
WAITING_UNKNOWN = "is answering {ahead} others first…"
EMPTY = "I could not find any words in that message. Please write your question as text."
UNREAD = {
    "picture": "I cannot read pictures. Please write what the picture shows.",
    "file": "I cannot read files in messages. Please write what the file says.",
}
STILL_READING = (
    "I am still reading the documents: {done} of {total} files so far. The answer may be in one of the others, so "
    "please ask me again later."
)
TOO_LONG = (
    "That message has {length:,} characters, which is more than I can read at once (at most {limit:,}). "
    "Please send the question by itself."
)
OTHER_LANGUAGES = {
    "de": "Ich verstehe vorerst nur Fragen auf Englisch. Bitte fragen Sie auf Englisch, oder holen Sie mit dem Knopf "
    "unten eine Person dazu.",
    "fr": "Pour l'instant, je ne comprends que les questions en anglais. Posez votre question en anglais, ou faites "
    "venir une personne avec le bouton ci-dessous.",
    "es": "Por ahora solo entiendo preguntas en inglés. Pregunte en inglés, o pida la ayuda de una persona con el "
    "botón de abajo.",
    "it": "Per ora capisco solo domande in inglese. Scriva la domanda in inglese, oppure chiami una persona con il "
    "pulsante qui sotto.",
    "pt": "Por enquanto só entendo perguntas em inglês. Pergunte em inglês ou chame uma pessoa com o botão abaixo.",
    "nl": "Ik begrijp voorlopig alleen vragen in het Engels. Stel uw vraag in het Engels, of haal er met de knop "
    "hieronder iemand bij.",
    "pl": "Na razie rozumiem tylko pytania po angielsku. Proszę zapytać po angielsku albo poprosić o pomoc człowieka "
    "przyciskiem poniżej.",
    "sv": "Jag förstår än så länge bara frågor på engelska. Ställ frågan på engelska, eller ta hjälp av en person med "
    "knappen nedan.",
    "da": "Jeg forstår indtil videre kun spørgsmål på engelsk. Stil spørgsmålet på engelsk, eller få hjælp af en "
    "person med knappen nedenfor.",
    "ja": "今のところ英語の質問だけ理解できます。英語でご質問いただくか、下のボタンで担当者をお呼びください。",
    "zh": "目前我只能理解英文问题。请用英文提问，或点击下面的按钮联系工作人员。",
}
BUSY = "Many people are asking just now, and I would keep you waiting about {seconds} seconds. Please ask again then."
FAILED = (
    "Something went wrong on my side and I could not answer. "
    "The people who run me can find it under the reference {reference}."
)
PROMPT_TOO_LONG = "This thread has become too long for me. Please ask your question again in a new message."
STOPPED = "Stopped."
CUT_SHORT = "_(My answer reached its longest length and stops here.)_"
WITHHELD_ONE = "I left out one sentence that the documents do not support."
WITHHELD_MANY = "I left out {count} sentences that the documents do not support."
NO_SOURCE = "No document is cited for this."
SOURCES = "Sources"
SOURCES_BUTTON = "Read the sources"
SOURCES_UNKNOWN = "I no longer have a record of that answer, so I cannot open its sources. Please ask again."
SOURCES_MORE = "{count} more are cited."
SOURCE_NOT_YOURS = "This comes from a document that you may not read. Please ask a colleague who may."
SOURCE_GONE = "The documents no longer hold this passage: it was changed or taken away. Please ask again."
SOURCE_PAGE = "page {page}"
WHY = "Why this answer?"
WHY_LOADING = "I am looking it up …"
WHY_FROM = "I answered from these documents:"
WHY_NOTHING = "I found nothing in the documents that you may read, so I said that I don't know."
WHY_UNCITED = "I cited no document for this answer."
WHY_SURE = "{percent} sure that the best passage answers it ({match} match)"
WHY_APPROVED = "staff approved this answer to this very question"
WHY_RECITED = "no model: I repeated it word for word"
WHY_UNKNOWN = "not recorded at that time"
WHY_OFFERED = "Passages offered"
WHY_OFFERED_HINT = "✓ is cited. Beside each: how near it is to the question, of 1."
WHY_MORE = "… and {count} more, further away"
WHY_HIDDEN = "a passage that you may not read"
WHY_SPOKE = "Who spoke"
WHY_BASE = "the base {base}, without an adapter"
WHY_ADAPTER = "the adapter {adapter} on the base {base}"
WHY_LEARNED = "It learned from"
WHY_VERDICT = "Its test"
WHY_NEAREST = "Lessons nearest to the question"
WHY_NO_LESSONS = "None: it learned from nothing that is still known."
LINEAGE_GONE = "{adapter} is gone: it was cleared away, or had learned what was to be forgotten."
LINEAGE_NO_DATASET = "a data set that is gone"
LINEAGE_FORGOTTEN = "; {count} rows of it were forgotten since"
LINEAGE_SERVED = "answered since {at} (by {by}: {reason})"
LINEAGE_NEVER = "never answered"
MODEL_UNKNOWN = "There is no adapter {adapter}. `/chip models` lists them."
CONFLICT = ":warning: The documents contradict each other: {newer} says “{says}”, but {older} says “{but}”."

VOTE_UP = "Glad that it helped."
ASK_CORRECTION = "Thanks for telling me. What should the answer have been?"
ASK_CORRECTION_BUTTON = "Write the right answer"
CORRECTION_TITLE = "Correct this answer"
REASON_LABEL = "What was wrong with it?"
REASONS = {
    "wrong": "It is wrong",
    "outdated": "It is outdated",
    "incomplete": "Something is missing",
    "too_long": "It is too long",
    "tone": "The tone is off",
    "other": "Something else",
}
REASON_TAKEN = "Thank you. I have noted what was wrong."
CORRECTION_LABEL = "What would have been right?"
CORRECTION_HINT = "One or two sentences that a customer can read."
CORRECTION_EMPTY = "Choose what was wrong, or write the right answer. One of the two is enough."
CORRECTION_TAKEN = "Thank you. I have kept your correction."
CORRECTION_LEARNED = "Thank you. From now on I answer this question as you wrote."
LEARNED_NEXT = "I learn it in the next training too."
NOT_LEARNED = (
    "I do not learn it in a training: learning from it is not allowed. An admin decides that: `/chip learning`."
)
NOT_LEARNED_FOR_STAFF = (
    "I do not learn it in a training, because the model also answers customers, and no document shows that they may "
    "read this."
)
CORRECTION_WAITS = "Thank you. I have kept your correction; a colleague checks it before I use it."
CORRECTION_CARD = "*<@{person}> corrected an answer.* It waits for approval."
CORRECTION_FORGOTTEN = "What stood here was deleted, so there is nothing to decide any more."
CORRECTION_DECIDED = "That correction was decided already."
UNKNOWN_REPLY = "I no longer have a record of that answer, so I could not store this. Please ask again and vote there."
NOT_STAFF = "Only staff can decide about corrections."

SORRY_WRONG = "I am sorry. Please tell me what would have been right, or let me bring in a person."
YOU_ARE_WELCOME = "You are welcome."
PERSON_ASKED = "I have asked a colleague to help you here. The answer comes in this thread."
PERSON_ASKED_DIRECTLY = "You have asked for a person:"
PERSON_ASKED_IN_MESSAGES = "I have asked a colleague to help you. The answer comes in our direct messages."
PERSON_ASKED_ALREADY = "A colleague has been asked already and will answer in this thread."
PERSON_ASKED_OFTEN = (
    "You have asked for a colleague in {count} other conversations, which are still open. They are answered first: "
    "please write there what else you need."
)
PERSON_ASKED_TODAY = (
    "You have asked for a colleague {count} times within a day, as often as one person may. Please write where you "
    "asked before what else you need."
)
ASKED_OFTEN = "You asked {most} questions within a minute, which is as many as I may answer. Please ask in {again}."
WORKSPACE_ASKED_OFTEN = (
    "I was asked {most} questions here within a minute, which is as many as I may answer. Please ask in {again}."
)
WORKSPACE_ASKED_TODAY = (
    "I have answered {most} questions here within a day, which is as many as I may. Please ask in {again}, or write "
    "that you need a person."
)
PERSON_NOWHERE = "I could not reach the staff channel. Please contact the support team directly."

TICKET_NOTICE = "{name} asks for a person"
TICKET_HEAD = "*{person} asks for a person* ({role}) in {place}"
TICKET_IN_DM = "a direct message"
TICKET_NOBODY = "Somebody"
TICKET_FOUND = "What I found: {sources}"
TICKET_LINK = "Open the conversation"
TICKET_OPEN = "Nobody has taken this yet."
TICKET_CLAIMED = (
    "<@{by}> answers. The next message that <@{by}> writes in this thread goes to <@{person}>; "
    "one that begins with `note:` stays here."
)
TICKET_ANSWERED = "Answered by <@{by}>. May I give this answer to others who ask the same?"
TICKET_USED = "Answered by <@{by}>. I give this answer to others who ask the same."
TICKET_KEPT_OUT = "Answered by <@{by}>, for this person only."
TICKET_DISMISSED = "Closed by <@{by}> without an answer."
TICKET_CLAIM_BUTTON = "I'll answer"
TICKET_RELEASE_BUTTON = "Give it back"
TICKET_DISMISS_BUTTON = "Close without an answer"
TICKET_KEEP_OUT_BUTTON = "No, it was for this person"
TICKET_CLAIM_FIRST = "Nothing was sent. Press *I'll answer* on the card first; what you then write here goes out."
TICKET_TAKEN = "Somebody else has taken this already, or it is closed."
TICKET_CLOSED = "This was closed already."
TICKET_UNKNOWN = "I no longer have a record of this card."
TICKET_STAFF_ONLY = "Only staff can answer here."
TICKET_REPLY = "*{name}* from the team answers:"
TICKET_FORWARDED = "<@{person}> wrote:"
TICKET_FILE_THERE = "_A file came with it, which I could not carry over: it is in {place}._"
TICKET_PLACE = "the conversation"
TICKET_FILE_PRIVATE = (
    "_A file came with it, which I could not carry over: it is in the direct messages of <@{person}> with me. "
    "Please ask for what it says in words._"
)
TICKET_FILE_LEFT = (
    "I could not carry your file over, so <@{person}> did not get it. Please put it into words or send a link."
)
TICKET_NOT_CARRIED = (
    "That message did not reach the colleague who helps you here. Please contact the support team directly."
)
TICKET_UNDELIVERED = "Your answer did not arrive ({reason}). Please answer in the conversation itself."
TICKET_WAITS = ":hourglass: <@{person}> has waited {minutes} minutes for a person, and nobody has taken this yet."
TICKETS_WAIT = ":hourglass: {count} calls for a person wait, the first for {minutes} minutes:"
TICKETS_WAIT_LINE = "• {call}: {minutes} minutes, {by}"
TICKETS_MORE = "• and {count} more"
TICKET_FREE = "nobody has taken it yet"
TICKET_TAKEN_BY = "<@{by}> answers"
TICKET_WAITS_FOR = ":hourglass: <@{person}> has waited {minutes} minutes for your answer, <@{by}>."

EDITED = "You changed your question after I took it up."
EDITED_BUTTON = "Answer the new question"

WINDOW_NOT_OPENED = "The window did not open, so nothing has changed. Please choose it once more."
UNKNOWN_ACTION = "I don't know that button any more. Please ask again for a fresh answer."
UNKNOWN_CHOICE = "I don't know that any more, so I have done nothing. `/chip help` shows what I can do now."
UNKNOWN_FORM = (
    "I don't know this form any more and could not store it. Please copy what you wrote, close this, and open it again."
)

COMMAND_HELP = "Ask me in a direct message, or mention me in a channel. React with :+1: or :-1: to tell me how I did."
COMMAND_UNKNOWN = "I don't know `/chip {command}`."
ADMINS_ONLY = "`/chip {command}` is for admins. Please ask one of them."
ADMINS_ONLY_HERE = "That is for admins, so I have done nothing. Please ask one of them."
STAFF_ONLY = "`/chip {command}` is for staff."
RETRAIN_STARTED = "Training has begun. The report comes to {channel}, usually within a few minutes."
RETRAIN_ENDED = "The training that you began has ended. {headline}"
RETRAIN_STEP = ":hourglass_flowing_sand: Training, {step}."
RETRAIN_OVER = "This training has ended; its report is below."
TAKEN_UP = "The model was changed on the command line: *{adapter}* answers from now on."
RETRAIN_RUNNING = "A training is running already. Its report comes to {channel}."
LESSONS_TAKEN_BACK = (
    "Corrections that only the adapter left behind had learned: {count}. They are neither served nor taught until "
    "staff approve them again: `/chip review`."
)
FORGETTING_BEGUN = (
    "Words that *{adapter}* had learned were deleted or are to be forgotten. I have taken them out of what I train on "
    "and begun a training without them; *{adapter}* answers until it ends, and is deleted then."
)
FORGETTING_ENDED = "*{adapter}* had learned what was to be forgotten and is deleted; *{now}* answers from now on."
ROLLED_BACK = "Chip now speaks with *{adapter}* again; before that it was *{previous}*."
ROLLBACK_NOTHING = "There is nothing to go back to. {reason}"
BASE_NAME = "the base {base}"

WELCOME = (
    "Hello, I am Chip, and this is my first start here. The three next steps:\n"
    "1. *Documents.* So far customers may read {for_customers} of {documents} documents; {for_staff} are for staff "
    "only. `/chip sources` shows where they come from.\n"
    "2. *Learning.* {learning} An admin decides: `/chip learning on` shows the notice first.\n"
    "3. *Channels.* Invite me where people shall ask me, and set with `/chip channels` what I do there. "
    "`chip doctor` on my machine checks every part."
)
HOME_TITLE = "Ask me"
HOME = (
    "Ask me about our products and policies: in a direct message here, or by mentioning me in a channel. "
    "I answer from our documents and say so when they do not hold the answer. "
    "Vote with the buttons under an answer, or with :+1: and :-1:. `/chip help` shows what else there is."
)
HOME_KNOWS = "*What I know:* {count} documents that you may read, about {topics}"
HOME_MORE = " and {count} more"
HOME_TRY = "You could ask"
HOME_ASKED = "Asked often"
HOME_DATA = "Your data"
HOME_KEEPS = (
    "I keep what you write to me, what I answer and how you vote, on this company's own machine. "
    "Nothing goes to anybody else."
)
HOME_TRAINED = "Where an admin has allowed it, I may be trained on your questions."
HOME_NOT_TRAINED = "I am never trained on your questions, as you chose."
HOME_STOP_TRAINING = "Don't train on my questions"
HOME_ALLOW_TRAINING = "You may train on my questions"
HOME_EXPORT = "Send me my data"
HOME_FORGET = "Forget me"
HOME_FORGET_SURE = (
    "I delete your questions, my answers to them, your votes and your corrections, also from what I was trained on. "
    "It can't be undone."
)
HOME_FORGET_YES = "Forget me"
BOARD_TITLE = "How I am doing (last {days} days)"
BOARD_PAUSED = ":double_vertical_bar: *I am paused* and tell so everybody who asks."
BOARD_NOBODY = "Nobody asked me anything in these days, so there is nothing to measure yet."
BOARD_MORE = "More figures"
BOARD_NO_RETRAIN = "not scheduled"
BOARD_RETRAIN = "Train now"
BOARD_ROLLBACK = "Go back one model"
BOARD_ROLLBACK_SURE = "I answer with the model before this one at once, until somebody changes it again."
BOARD_PAUSE = "Pause me"
BOARD_RESUME = "Let me answer again"
BOARD_REVIEW = "Review what waits"
BOARD_IMPORT = "Import what you have"
BOARD_REFRESH = "Refresh"
BOARD_AS_OF = "As of {time}"

BOARD_LEARNING = "Learning"
BOARD_LEARNING_BUTTON = "Decide about learning"
BOARD_LEARNING_LABEL = "May Chip learn from what people write?"
BOARD_LEARNING_YES = "Yes, I have read this and may decide it"
BOARD_LEARNING_NO = "No"
BOARD_GUESTS_LABEL = "Guests and people of other organisations"
BOARD_GUESTS_OPTION = "Learn from them too"

IMPORT_TITLE = "Import"
IMPORT_ABOUT = (
    "I draw questions with their answers out of what you already have: Slack exports, chat logs (CSV, JSON, JSONL), "
    "mail (MBOX, EML), call transcripts (VTT, SRT, text), FAQ (CSV, XLSX, Markdown), and zips of them. Personal data "
    "is masked before anything is stored."
)
IMPORT_FILES = "Files"
IMPORT_FILES_HINT = "Up to {count} files of {size} MB each. For larger ones: chip import FILE on my machine."
IMPORT_NO_FILES = "Please choose a file."
IMPORT_USE = "What shall become of the answers?"
IMPORT_REVIEW = "Verified answers, after staff's review"
IMPORT_TRAINING = "Training: the next retrain learns from them"
IMPORT_HELD_OUT = "Held-out questions for the test of a retrain"
IMPORT_ALL = "All of these: one conversation in five is held out"
IMPORT_DOMAINS = "Mail domains of staff"
IMPORT_DOMAINS_HINT = "With commas between them, such as acme.com. If the files do not say who is staff, I guess it."
IMPORT_STAFF = "Who else is staff"
IMPORT_STAFF_HINT = "Names, addresses or ids as they stand in the files, with commas between them."
IMPORT_BEGUN = "I import this now: {names}. What I kept and left out, and why, I tell you in our direct messages."
IMPORT_STEP = ":hourglass_flowing_sand: Importing *{name}*. {step}"
IMPORT_OVER = "*{name}* is done. The result is below."
IMPORT_FAILED = "I did not import *{name}*: {reason}"
IMPORT_MORE_ROWS = "… and {count} more remarks, which `chip import` on the command line lists."
IMPORT_LEFT_OUT = "What was left out, and why"
IMPORT_TOO_LARGE = (
    "it has {size:,.0f} MB, and by this form I take {most} MB. `chip import FILE` on my machine takes it."
)
IMPORT_NOT_SHOWN = "{reason}. Nothing of it is stored. Please try again, or use `chip import FILE` on my machine."

REPORT_NO_CONSENT = (
    "I was not allowed to learn from some or all of it. An admin decides about learning: `/chip learning on` shows the "
    "notice first."
)
RETRAIN_FAILED = "The training failed: {reason} The details are in the log under the reference {reference}."
BASE_UNUSABLE = "The model that was chosen cannot be used, so {base} answers. {reason}"
REPORT_CHANGES = "Answers before and after"
REPORT_PLOT = "Answers before and after the training"
REPORT_PICTURE = "The picture of it: {path}"
REPORT_NO_ANSWER = "(no answer)"
RETRAIN_FAILED_ELSEWHERE = "A training on the command line failed: {reason}"
SPEAKER_PROVED = "(it speaks: {said} of {of} probes answered as in its test)"
SPEAKER_DISPROVED = "(but the model before it speaks: its probes are answered as before its training)"
SPEAKER_WRONG = (
    "The adapter {adapter} should answer, but its probes are answered as by the model before it. Start Chip again; if "
    "that does not help, go back with `/chip rollback`."
)
BASE_CHANGED = (
    "The base is now {base}, and the adapter {adapter} was trained for {before}, so it does not answer any more and "
    "{base} answers without one. Train again with `/chip retrain` (`chip retrain`), or go back to that base with "
    "`chip models use`."
)
ADAPTER_UNUSABLE = "The adapter that should serve cannot be used, so the base model answers. {reason}"

ASK_WHAT = "Write your question after it: `/chip ask How long is the warranty?`"
SENT_BY_MESSAGE = "I have sent you {name} as a direct message."
EXPORT_TITLE = "What Chip keeps"
STATS_DAYS = "Write a number of days after it: `/chip stats 30`"
STATS_TITLE = "Chip, the last {days} days"
STATS_ALT = "In the last {days} days I was asked {asked}. {refused}"
STATS_UNANSWERED = "Asked without an answer"
MONTH_TITLE = "Chip in {month}"
MONTH_WHICH = "Write a month that has begun after it: `/chip month 2026-10`"
REVIEW_TITLE = "Review"
REVIEW_LOADING = "One moment, please. If nothing follows, close this window: `/chip review` opens it again."
REVIEW_NOTHING = "Nothing waits for a decision."
REVIEW_END = "That was the last one. What you skipped still waits: {waiting}."
REVIEW_WAITING = "{waiting} for a decision"
REVIEW_CORRECTION = "*<@{person}>* ({role}) says what this answer should have been."
REVIEW_IMPORTED = "This answer was imported from {source}. An approved one is served as a verified answer."
REVIEW_TICKET = "*<@{person}>* ({role}) answered this in a ticket. May I say it to everybody who asks?"
REVIEW_THREAD = "*<@{person}>* ({role}) answered this in a thread. May I say it to everybody who asks?"
REVIEW_DISLIKED = (
    "Somebody found this answer bad and did not write what is right. I propose what the documents say to the question."
)
REVIEW_DISPUTED = "People disagree about this answer: {ups} up, {downs} down ({answers} answers to this question)."
REVIEW_CROWD = (
    "{about} voted {votes} times within {seconds} seconds, {ups} of them up. I leave these votes out until somebody "
    "has looked: shall they count?"
)
REVIEW_CROWD_OF = "votes of {crowd}"
REVIEW_SEVERAL = "Several people"
REVIEW_DENIED = "*<@{person}>* approved this answer, and something contradicts it now."
REVIEW_OUTDATED = "*<@{person}>* approved this answer. Its documents have changed since, so I do not show it."
REVIEW_APPROVE = "Approve"
REVIEW_REJECT = "Reject"
REVIEW_WRONG = "It is wrong"
REVIEW_COUNT = "Count them"
REVIEW_LEAVE_OUT = "Leave them out"
REVIEW_KEEP = "Keep it"
REVIEW_WITHDRAW = "Withdraw it"
REVIEW_LOG = "*Decided in the review*"
REVIEW_LOG_EMPTY = "Nothing was decided in the review yet."
REVIEW_FORGOTTEN = "(deleted meanwhile)"
REVIEW_ALIKE = "{count} more ask the same; your decision holds for all."
REVIEW_OTHERS = "Somebody else says"
REVIEW_BUTTON = "Review"
REVIEW_QUESTION = "The question, in general words"
REVIEW_DECIDING = "One moment, please. I note your decision. If nothing follows, `/chip review` opens the next one."
REVIEW_UNFINISHED = (
    "{placeholder} stands for a name or number of one case. Please reword this so that it holds for everybody."
)
REVIEW_DOCUMENTS = "*The documents say:*"
REVIEW_SILENT = "I find nothing about it in the documents."
REVIEW_SUPPORTED = "They say the same as this answer."
REVIEW_CONTRADICTED = ":warning: They contradict this answer."
REVIEW_NOT_FOUND = "I find neither the same nor the contrary in them."
REVIEW_LABEL = "The answer; change it if you like"
REVIEW_CUT = "The answer is longer than the {limit} characters that fit here. Only what stands here is approved."
REVIEW_EMPTY = "Please write something here, or press Reject."
REVIEW_APPROVED = "Approved by <@{person}>, {at}: “{question}”"
REVIEW_CHANGED = "Changed and approved by <@{person}>, {at}: “{question}”"
REVIEW_REJECTED = "Rejected by <@{person}>, {at}: “{question}”"
REVIEW_TAKEN = "<@{person}> decided that one meanwhile, so nothing was changed."
REVIEW_GONE = "That one is gone: it was decided or deleted meanwhile, so nothing was changed."
MODEL_BASE = "the base"
MODEL_SERVES = " – serves now"
MODEL_REFUSED = " – failed its test and may not answer"
MODEL_NOT_JUDGED = " – was not judged; `/chip serve` lets it answer"
MODEL_HINT = "`/chip rollback <name>` lets another one answer that passed its test."
WORD_MEANS = "• “{word}” → “{phrase}”"
WORDS_NOTICED = (
    "Customers seem to use other words than the documents:\n{words}\nI use none until an admin says so: `/chip words`."
)
WORDS_NONE = (
    "I have not learned any words of customers yet. Corrections and liked answers teach me them at each training."
)
WORDS_HINT = "`/chip words use <word>` searches with the documents' words; `/chip words drop <word>` does not."
WORD_ROW = (
    "means “{phrase}”, as {questions} questions of {people}{staff} show: they find their passage {before:.0%} well "
    "without it and {after:.0%} with it. {state}"
)
WORD_STATES = {
    "proposed": "*Waits for you.*",
    "used": "Used, as <@{by}> decided.",
    "dropped": "Not used, as <@{by}> decided.",
}
WORD_DECIDED = {
    "used": "From now on “{word}” is searched as “{phrase}”.",
    "dropped": "“{word}” is searched as it stands.",
}
SERVED_NOW = "*{adapter}* answers from now on, as <@{person}> decided; before that it was *{previous}*."
SERVED_TO_YOU = "Done: *{adapter}* answers now. `/chip rollback` goes back."
SERVE_WHICH = "Name the adapter: `/chip serve A…`. `/chip models` lists them."
SERVE_REFUSED = "Nothing was changed. {reason}"
SERVE_BUTTON = "Let it answer"
SERVE_SURE = (
    "The test could not tell whether it is better. It answers everybody from then on; `/chip rollback` goes back."
)
TRIAL_NONE = (
    "No adapter is being tried on people. `/chip canary <adapter> [percent]` tries one; `/chip models` lists them."
)
TRIAL_USAGE = "Write `/chip canary <adapter> 25`, `/chip canary 40` or `/chip canary off`."
TRIAL_BUTTON = "Try it on {share:.0%} of conversations"
TRIAL_SURE = (
    "It answers this share of the new conversations. If people are worse off, I end that by myself; `/chip canary off` "
    "ends it at once."
)
TRIAL_BEGUN = "*{adapter}* is tried: it answers {share:.0%} of the new conversations from now on."
TRIAL_CHANGED = "*{adapter}* answers {share:.0%} of the new conversations from now on."
TRIAL_HOW = "I end it by myself if people are worse off. `/chip canary` shows how it goes, `/chip canary off` ends it."
TRIAL_ENDED = "The trial of *{adapter}* is over, and what served before answers everybody: {reason}"
TRIAL_ADMIN = "an admin ended it."
TRIAL_HARMFUL = "people were worse off with it. {counts}"
TRIAL_UNDECIDED = "{days} days did not show whether it is better or worse. {counts}"
TRIAL_OTHER_BASE = "the base was changed to {base}, for which it was not made."
TRIAL_SERVES = "it serves everybody now."
TRIAL_OTHER_CONTROL = "what serves was changed, so there is nothing to compare it with."
TRIAL_ADAPTER_GONE = "it learned something that was forgotten, and is deleted."
TRIAL_PROMOTED = "*{adapter}* answers everybody from now on: people were better off with it. {counts}"
TRIAL_BETTER = "People are better off with *{adapter}*, which is on trial. {counts} Shall it answer everybody?"
TRIAL_SHARE = "{adapter} answers {share:.0%} of the new conversations since {since:%Y-%m-%d %H:%M} UTC"
TRIAL_COUNTS = "{tried_bad} of {tried} with it, {others_bad} of {others} with what serves, went badly."
TRIAL_NEAR = (
    "{harm:.0%} of the way to ending it, {benefit:.0%} to “people are better off”. If {shift:.0f} points more went "
    "badly, about {needed:,} conversations would mostly show it"
)
DRIFT_NAMES = {
    "questions": "What people ask has changed",
    "quality": "Answers got worse",
    "documents": "Documents changed under approved answers",
}
DRIFT_FOUND = "*{what}.* {found}"
DRIFT_TOPICS = "More than before is asked about: {topics}."
DRIFT_MEANINGS = "Typical of the last week: {examples}."
DRIFT_RISES = {
    "withheld": "a sentence had to be left out of {since:.0%} of the answers ({before:.0%} before)",
    "reasked": "{since:.0%} of the questions were asked again ({before:.0%} before)",
    "down": "{since:.0%} of the votes are thumbs down ({before:.0%} before)",
}
DRIFT_RISE = "Since about {day:%Y-%m-%d} {said}; for example: {examples}."
DRIFT_DOCUMENTS = "{count} approved answers wait for a review, for example: {examples}. `/chip review` shows them."
DRIFT_NO_EXAMPLE = "no question that everybody may read"
JUDGED = "Test of your own questions"
JUDGED_ROW = "{right} of {asked} right (between {low:.0%} and {high:.0%}), {at:%Y-%m-%d}"
JUDGED_BEFORE = "; before: {earlier}"
JUDGED_LEAKED = "; {leaked} left out, since people asked exactly that"
JUDGED_WORSE = (
    "*The test of your own questions went worse: {right} of {asked} right, {lost} fewer than on {day:%Y-%m-%d}.* "
    "No longer right: {examples}"
)
JUDGED_LEAKS = (
    "{leaked} of the questions that are kept for the test were asked by people word for word, so that they test "
    "nothing any more. Please put others into the file."
)
PAUSED = "I am paused just now. Please ask again later, or contact the support team directly."
PAUSED_NOW = "Chip is paused; `/chip resume` lets it answer again."
RESUMED_NOW = "Chip answers again."
SOURCE_HINT = (
    "`/chip sources sync [name]` reads again, `/chip sources remove <name>` takes away, "
    "`/chip sources add <https://… or #channel> [public|customer|staff]` adds one."
)
SOURCE_NONE = "There is no source to read besides the configured folder."
SOURCE_SYNCING = "I am reading {names} …"
SOURCE_SYNCED = "{name}: {added} new, {changed} changed, {removed} gone."
SOURCE_REMOVED = "{name} is gone, with {documents} documents."
SOURCE_ADDED = "{name} is added, for {audience}."
SOURCE_ADD_HERE = (
    "From Slack I take web addresses and channels. Folders are added on my machine with `chip sources add`."
)
SOURCE_FAILS = (
    "I cannot read the source {name} whole; what is indexed of it was kept. I go on trying, and say here when it works "
    "again. {reason}"
)
SOURCE_WORKS = "The source {name} can be read again."
SOURCE_FAILED = "That did not work: {reason}"

LISTEN = {
    "mention": "Mentions only",
    "follow_ups": "Mentions, and follow-ups in its threads",
    "every": "Every question",
}
ANSWER_IN = {"thread": "Answers in the thread", "ephemeral": "Answers to the asker alone"}
CHANNEL_AUDIENCE = {
    "settings": "As the settings say",
    "customer": "Customers read here",
    "staff": "Only staff read here",
}
RULES_HEAD = "*What I do where*"
RULES_DEFAULT = "Everywhere else: mentions, and follow-ups in my threads; answers in the thread."
RULES_ELSEWHERE = "Type `/chip channels` in a channel to change its rules."
RULES_BUTTON = "Change the rules here"
RULES_ZONE = "Quiet hours are in the time zone {zone}."
RULES_QUIET = "quiet {quiet}"
RULES_BOTS = "answers other bots"
RULES_TITLE = "Rules of this channel"
RULES_LISTEN = "What do I answer?"
RULES_ANSWER_IN = "Where do I answer?"
RULES_AUDIENCE = "Who reads here?"
RULES_QUIET_FROM = "Quiet from"
RULES_CLOCKS = ("22:00", "07:00")
RULES_QUIET_TO = "Quiet until"
RULES_BOTS_LABEL = "Other bots and workflows"
RULES_BOTS_OPTION = "Answer them when they ask"
RULES_NO_VOTES = "no vote buttons"
RULES_VOTES_LABEL = "Vote buttons"
RULES_VOTES_OPTION = "Hide them under answers here"
RULES_CLOCK = "Please write two clock times such as 22:00 and 07:00, or leave both empty."
RULES_SET = "<#{channel}> has new rules (by <@{person}>): {rules}"

LEARNING_IS_OFF = "I do not learn from what people write in this workspace."
LEARNING_IS_ON = "I learn from what {whose} write to me, in {where}.{since}"
LEARNING_OF_MEMBERS = "members"
LEARNING_OF_ALL = "members, guests and people of other organisations"
LEARNING_EVERYWHERE = "all channels and direct messages"
LEARNING_SINCE = " <@{person}> decided so on {day}."
LEARNING_HOW = "Change it with `/chip learning on`, `/chip learning on #channel …` or `/chip learning off`."
LEARNING_NOTICE = "Please read this before you decide."
LEARNING_WHERE = "For: {channels}. Your decision is recorded with your name and the time."
LEARNING_MEMBERS = "Learn from members"
LEARNING_GUESTS = "Learn from guests too"
LEARNING_SET = "<@{person}> decided about learning: {state}"
FORGET_HOW = "Write `/chip forget me`. Admins may also name somebody: `/chip forget @person`."
FORGET_SURE = (
    "All that <@{person}> wrote to me, the answers to it, and their votes and corrections will be deleted. "
    "They leave the training data too, and a model that learned from them is replaced. This cannot be undone."
)
FORGET_BUTTON = "Delete it"
FORGOTTEN = "<@{person}> is forgotten: {count} questions and everything about them are deleted. {proof}"
FORGOTTEN_PROVED = "I searched all {files} files of mine for their words and found none (report {id})."
FORGOTTEN_LEFT = "Their words are still in {count} of my {files} files: an admin finds them in the report {id}."
FORGOTTEN_SERVING = " {adapter} learned from them and answers until a training without them ends."

NO_ANSWER_OF_MINE = "That is no answer of mine. Use this on a message in which I answered a question."
TEACH_TITLE = "Teach this thread"
TEACH_QUESTION = "The question"
TEACH_ANSWER = "The right answer"
TEACH_HINT = "One or two sentences that a customer can read."
TEACH_WHERE = "Chip gives this answer to everybody who asks the same and may read the documents that it rests on."
TEACH_STAFF = "Only staff can teach me."
TEACH_EMPTY = "Please write both the question and the answer."

SURVEY = "Did our conversation help you?"
SURVEY_ABOUT = "You asked: {question}"
SURVEY_ANSWERS = {"yes": "Yes", "partly": "In part", "no": "No"}
SURVEY_THANKS = "Thank you. I won't ask again this month."


def count(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"


def count_times(number: int) -> str:
    """Return how often, in the words that people use."""
    return {0: "not once", 1: "once", 2: "twice"}.get(number, f"{number} times")
