"""Every sentence that Chip says by itself: to askers, to voters, to admins. Plain words, no names, no gender.

Knows nothing of when they are said. `{...}` fields are filled by the callers.
"""

THINKING = "is reading the documents…"
EMPTY = "I could not find any words in that message. Please write your question as text."
TOO_LONG = (
    "That message has {length:,} characters, which is more than I can read at once (at most {limit:,}). "
    "Please send the question by itself."
)
BUSY = "Many people are asking just now, and I would keep you waiting about {seconds} seconds. Please ask again then."
FAILED = (
    "Something went wrong on my side and I could not answer. "
    "The people who run me can find it under the reference {reference}."
)
PROMPT_TOO_LONG = "This thread has become too long for me. Please ask your question again in a new message."
CUT_SHORT = "_(My answer reached its longest length and stops here.)_"
NO_SOURCE = "No document is cited for this."
SOURCES = "Sources"
SOURCE_STAFF_MARK = "staff only"

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
CORRECTION_HINT = "One or two sentences that a customer can read. They are used in the next training."
CORRECTION_EMPTY = "Please choose what was wrong, or write what would have been right; or cancel."
CORRECTION_TAKEN = "Thank you. Your correction is stored and goes into the next training."
CORRECTION_LEARNED = "Thank you. From now on I answer this question as you wrote; it goes into the next training too."
CORRECTION_WAITS = "Thank you. Your correction is stored; a colleague checks it before I learn from it."
CORRECTION_CARD = "*A correction waits for approval* from <@{person}>"
CORRECTION_APPROVED = "Approved by <@{person}>. It goes into the next training."
CORRECTION_APPROVED_AT_ONCE = (
    "Approved by <@{person}>. Questions like this one are answered so from now on, and it goes into the next training."
)
CORRECTION_REJECTED = "Rejected by <@{person}>. It will not be used."
CORRECTION_UNKNOWN = "I no longer have a record of that correction."
CORRECTION_DECIDED = "That correction was decided already."
UNKNOWN_REPLY = "I no longer have a record of that answer, so I could not store this. Please ask again and vote there."
NOT_STAFF = "Only staff can decide about corrections."

PERSON_ASKED = "I have asked a colleague to help you here. The answer comes in this thread."
PERSON_ASKED_ALREADY = "A colleague has been asked already and will answer in this thread."
PERSON_NOWHERE = "I could not reach the staff channel. Please contact the support team directly."

TICKET_NOTICE = "{name} asks for a person"
TICKET_HEAD = "*<@{person}> asks for a person* ({role}) in <#{channel}>"
TICKET_FOUND = "What I found: {sources}"
TICKET_LINK = "Open the conversation"
TICKET_OPEN = "Nobody has taken this yet."
TICKET_CLAIMED = (
    "<@{by}> answers. The next message that <@{by}> writes in this thread goes to <@{person}>; "
    "one that begins with `note:` stays here."
)
TICKET_ANSWERED = (
    "Answered by <@{by}>. The answer is kept as a correction, so that I can give it next time; "
    "if it was meant for this person only, keep it out."
)
TICKET_DISMISSED = "Closed by <@{by}> without an answer."
TICKET_CLAIM_BUTTON = "I'll answer"
TICKET_RELEASE_BUTTON = "Give it back"
TICKET_DISMISS_BUTTON = "Close without an answer"
TICKET_KEEP_OUT_BUTTON = "Don't learn from this answer"
TICKET_CLAIM_FIRST = "Nothing was sent. Press *I'll answer* on the card first; what you then write here goes out."
TICKET_TAKEN = "Somebody else has taken this already, or it is closed."
TICKET_CLOSED = "This was closed already."
TICKET_UNKNOWN = "I no longer have a record of this card."
TICKET_STAFF_ONLY = "Only staff can answer here."
TICKET_REPLY = "*{name}* from the team answers:"
TICKET_FORWARDED = "<@{person}> wrote:"
TICKET_KEPT_OUT = "I won't learn from this answer (<@{person}>)."
TICKET_UNDELIVERED = "Your answer did not arrive ({reason}). Please answer in the conversation itself."
TICKET_WAITS = ":hourglass: <@{person}> has waited {minutes} minutes for a person, and nobody has taken this yet."
TICKET_WAITS_FOR = ":hourglass: <@{person}> has waited {minutes} minutes for your answer, <@{by}>."

UNKNOWN_ACTION = "I don't know that button any more. Please ask again for a fresh answer."

COMMAND_HELP_ALL = (
    "Ask me in a direct message, or mention me in a channel. React with :+1: or :-1: to tell me how I did.\n"
    "• `/chip help` shows this"
)
COMMAND_HELP_STAFF = "• `/chip status` shows the model in use and how it is doing"
COMMAND_HELP_ADMIN = (
    "• `/chip retrain` trains on the feedback so far and promotes the result if it is better\n"
    "• `/chip rollback [adapter|base]` goes back to the adapter before, or to the one that you name"
)
COMMAND_UNKNOWN = "I don't know `/chip {command}`."
ADMINS_ONLY = "`/chip {command}` is for admins. Please ask one of them."
STAFF_ONLY = "`/chip {command}` is for staff."
RETRAIN_STARTED = "Training has begun. The report comes to {channel}, usually within a few minutes."
RETRAIN_RUNNING = "A training is running already. Its report comes to {channel}."
ROLLED_BACK = "Chip now speaks with *{adapter}* again; before that it was *{previous}*."
ROLLBACK_NOTHING = "There is nothing to go back to: {reason}"
BASE_NAME = "the bare base {base}"

HOME = (
    "Ask me about our products and policies: in a direct message here, or by mentioning me in a channel. "
    "I answer from our documents and say so when they do not hold the answer. "
    "Vote with the buttons under an answer, or with :+1: and :-1:."
)

RETRAIN_FAILED = "The training failed: {reason} The details are in the log under the reference {reference}."
ADAPTER_UNUSABLE = "The adapter that should serve cannot be used, so the bare base answers. {reason}"
