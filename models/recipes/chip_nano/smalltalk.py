"""What Chip says when no document is asked for: greetings, thanks, goodbyes, requests for a person, feelings.

Sentences are short, polite, address nobody by gender and cite nothing. Knows nothing of tokens.
"""

# A table reads best with one row to a line.
# ruff: noqa: E501

import re
from collections.abc import Iterable
from pathlib import Path
from random import Random

from models.recipes.chip_nano.context import Ask, Context, Line
from models.recipes.data.natural import read_archive
from retrieval.passage import Turn

PERSON = "I can bring in a person for you. Shall I?"
GREETING = "Hello! What can I help you with?"
THANKS = "You're welcome! Is there anything else?"
GOODBYE = "Goodbye, and have a good day!"
SORRY = "I'm sorry about that. I can bring in a person for you. Shall I?"
PRAISE = "Thank you, I'm glad that it helped!"
WHO = "I'm Chip, the support assistant. I answer from the company's documents."
WELL = "I'm doing well, thank you. What can I help you with?"
OKAY = "All right. I'm here if you need anything else."
PERSONAL = "I'm a support assistant, so I can't say much about that. What can I help you with?"
CARE = "I'm very sorry that you feel this way. Please talk to someone you trust, or call your local emergency number."

SAYINGS: dict[str, tuple[str, ...]] = {
    GREETING: ("hi", "hello", "hey", "Good morning", "good evening", "Hello there!", "Hi Chip", "hey chip!", "Hi, how's it going", "Howdy",
               "good afternoon", "Greetings", "Hi team", "hello, is anyone there?", "Hi, I have a question", "Can I ask you something?", "moin", "yo"),
    THANKS: ("thanks", "Thank you!", "thx", "Thanks a lot", "thank you so much", "Great, thanks!", "ok thanks", "Thanks, that's all", "ty",
             "many thanks", "Perfect, thank you", "cheers", "Thanks for your help", "that's what I needed, thanks", "much appreciated", "Awesome, thanks"),
    GOODBYE: ("bye", "Goodbye", "see you", "See you later", "have a nice day", "bye bye", "ciao", "Good night", "I have to go now", "talk to you later",
              "that's all, bye", "Have a great weekend!"),
    PERSON: ("Can I talk to a person?", "I want to speak to a human", "Please connect me with an agent", "get me a real person", "human please",
             "Is there someone I can talk to?", "I'd like to talk to somebody from your team", "Can a colleague take over?", "agent", "operator",
             "Can you transfer me to support staff?", "I don't want to talk to a bot", "let me speak to your manager", "representative", "Call me please",
             "I need a human being", "yes please bring in a person", "Please let someone call me", "put me through to someone", "I want to talk to a real agent"),
    SORRY: ("This is useless", "That did not help at all", "You are wrong", "I'm really annoyed", "This is the worst service ever", "that's not right",
            "I am so frustrated", "I'm very unhappy with you", "That doesn't answer my question", "you don't understand me", "terrible support", "ugh",
            "this makes me angry", "I have asked this three times already", "I want to complain", "I'd like to make a complaint"),
    PRAISE: ("That was very helpful", "You are great", "great job", "nice work", "It works now!", "That solved it", "well done", "you rock", "perfect",
             "I love this bot", "That fixed my problem", "brilliant", "excellent support", "You're the best"),
    WHO: ("Who are you?", "What are you?", "Are you a bot?", "am I talking to a human?", "What's your name?", "What can you do?", "are you real", "Who am I talking to?",
          "Are you an AI?", "How does this work?", "What is your job?", "are you a robot or a person?"),
    WELL: ("How are you?", "how are you doing today", "How's your day?", "What's up?", "are you okay?", "how do you feel?"),
    OKAY: ("ok", "okay", "got it", "I see", "alright", "no", "no thanks", "never mind", "not now", "fine", "Understood", "sure", "no that's all", "hmm ok", "makes sense"),
}  # fmt: skip
_LEADS = ("", "", "", "", "Hi, ", "Hello, ", "hey ", "Sorry, ", "well, ", "OK, ")
_TAILS = ("", "", "", "", "!", ".", " please", " :)", " 🙂", "...")
# Answers of the public set's professional voice that mean one of ours; all other small talk there is personal.
_BY_ANSWER = {
    "Hello.": GREETING, "Good evening.": GREETING, "Good morning.": GREETING, "Hi.": GREETING, "That's not me, but hello.": GREETING,
    "It's nice to meet you as well.": GREETING, "Hello there.": GREETING, "Good night.": GOODBYE, "Goodbye.": GOODBYE, "You're welcome.": THANKS,
    "That's great.": PRAISE, "Glad you're pleased!": PRAISE, "Excellent.": OKAY, "Great.": OKAY, "No problem at all.": OKAY, "No problem.": OKAY,
    "Good, thanks.": WELL, "Great, thanks.": WELL, "I'm quite happy, thank you.": WELL, "Sorry to hear that.": SORRY, "Sorry about that.": SORRY,
    "I think I might have gotten lost there.": SORRY, "I try, but I don't always get it right.": SORRY, "Noted.": SORRY,
    "I'm digital. In other words, I'm not human.": WHO, "I don't have a name.": WHO, "I'm here to answer your questions and help out.": WHO,
    "I aim to serve.": PRAISE, "Very well.": OKAY, "Got it.": OKAY, "Thanks.": PRAISE,
    "The National Suicide Prevention Lifeline is available 24/7. You can call 1-800-273-8255 or visit www.suicidepreventionlifeline.org.": CARE,
    "Okay.": "", "Ok.": "", "I don't know.": "", "Sorry, I don't understand.": "", "I'll be here.": "",
}  # fmt: skip


def load_chitchat(folder: Path) -> dict[str, list[str]]:
    """Return what people say in the public small-talk set, by the answer that Chip gives to it."""
    sayings: dict[str, list[str]] = {}
    for _, text in read_archive(folder, "chitchat_professional.qna"):
        for block in text.split("# ? ")[1:]:
            said = [block.split("\n")[0], *re.findall(r"^- (.*)$", block, re.MULTILINE)]
            found = re.search(r"```markdown\n(.*?)\n```", block, re.DOTALL)
            answer = _BY_ANSWER.get(found[1].strip(), PERSONAL) if found else ""
            if answer:
                sayings.setdefault(answer, []).extend(" ".join(saying.split()) for saying in said)
    return sayings


class SmallTalk:
    """Makes contexts of one saying, with stray evidence or none, after some turns or none."""

    def __init__(self, extra: dict[str, list[str]]) -> None:
        self._own = [(answer, sayings) for answer, sayings in SAYINGS.items()]
        self._extra = list(extra.items())

    def build_context(self, random: Random, stray: Iterable[Line]) -> Context:
        """Return a context whose only ask is a saying; `stray` lines are what search found by chance."""
        if self._extra and random.random() < 0.3:
            answer, said = random.choice(self._extra)
            saying = random.choice(said)
        else:
            answer, sayings = random.choice(self._own)
            saying = random.choice(_LEADS) + random.choice(sayings) + random.choice(_TAILS)
        lines = tuple(stray)
        thread: tuple[Turn, ...] = ()
        if lines and random.random() < 0.5:
            thread = (Turn("user", "Can you tell me more?"), Turn("assistant", random.choice(lines).text))
        return Context(lines if random.random() < 0.6 else (), (Ask(saying, None, answer, thread),))
