"""How people type what a document words differently: synonyms, a story before the question, haste.

Knows nothing of passages or answers.
"""

import re
from random import Random

_SAME = """
delete remove, get rid of, throw out
remove delete, take away, get rid of
create make, add, set up
configure set up, adjust, change the settings of
enable turn on, switch on, activate
disable turn off, switch off, deactivate
install put on, set up, get
uninstall remove, take off
modify change, edit
change edit, modify, alter
update refresh, bring up to date
upgrade move to the new version of, update
specify give, enter, set
select pick, choose
choose pick, select
view see, look at
display show
verify check, make sure of
restart reboot, start again
retrieve get, fetch
obtain get
purchase buy
require need
required needed, mandatory
contain hold, have in it
maximum most, upper limit, highest
minimum least, lowest
default normal, preset, out of the box
error problem, message, failure
issue problem, trouble
fails doesn't work, breaks
folder directory
directory folder
parameter setting, option
parameters settings, options
option setting
setting option
permission right, access
permissions rights, access
privilege right
user person, colleague, account
users people, colleagues, accounts
administrator admin
application app, program
message mail, note
cost price, fee
costs price, charges
supported possible, available, okay
allowed okay, permitted
store keep, save
stored kept, saved
send mail, pass on
connect hook up, link
connection link
device machine, box, unit
devices machines, boxes, units
server machine, box
computer pc, machine
document file, paper
list overview
assign give, hand
manage handle, look after
resolve fix, solve
occurs happens, comes up
prevent stop, avoid
schedule plan
quickly fast
approximately about, roughly
customer client
customers clients
"""
_LINES = (line.partition(" ") for line in _SAME.strip().splitlines())
_OTHERS = {name: others.split(", ") for name, _, others in _LINES}
_WORD = re.compile(r"\b[a-z]{4,13}\b")
_GREETINGS = ("hi, ", "hello! ", "Hi there. ", "quick one: ", "sorry to bother you, ", "question - ", "Good morning, ")
_STORIES = (
    """
We just set this up.|I'm new here.|My boss asked me this.|I looked everywhere.|We run this ourselves.|ok so
This worked last week.|I inherited this from a colleague.|trying to get this done today..|We're a small team.
I read the docs but still unsure.|Tried a few things already.|For a client:|please bear with me,
""".strip()
    .replace("\n", "|")
    .split("|")
)
_ENDINGS = (
    " thanks", " thank you!", " Please help.", ", can't find it anywhere", " asking for a colleague", " It's urgent.",
    " any idea?", "??",
)  # fmt: skip


def reword(question: str, random: Random, share: float = 0.3) -> str:
    """Replace a share of the words by synonyms. Names, codes and capitals stay."""

    def replace(found: re.Match[str]) -> str:
        others = _OTHERS.get(found[0])
        return random.choice(others) if others and random.random() < share else found[0]

    return _WORD.sub(replace, question)


def as_typed(question: str, random: Random) -> str:
    """Return a question as somebody types it in a chat: sometimes reworded, in haste, with a story before it."""
    question = reword(question, random) if random.random() < 0.5 else question
    chance = random.random()
    if chance < 0.08:
        question = f"{random.choice(_GREETINGS)}{question}"
    elif chance < 0.2:
        question = f"{random.choice(_STORIES)} {question}"
    elif chance < 0.3:
        question = f"{question}{random.choice(_ENDINGS)}"
    if random.random() < 0.25:
        question = question[0].lower() + question[1:] if random.random() < 0.5 else question.lower()
    if random.random() < 0.15:
        question = question.replace("'", "").rstrip("?")
    return question
