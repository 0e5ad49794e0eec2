"""`/chip words`: what Chip learned of customers' words, in plain words, and an admin's decision to use or drop each."""

from bot.commands.call import Call
from bot.slack.text import escape_mrkdwn
from bot.views import blocks, wording
from retrain.finder.shelf import LEARNED, Entry, State, UnknownWord, decide, list_entries

_DECISIONS = {"use": State.USED, "drop": State.DROPPED}
_SHOWN = 20


def words(call: Call) -> None:
    """List the words, or use or drop one."""
    verb, _, word = call.rest.partition(" ")
    if verb in _DECISIONS and word.strip():
        _decide(call, word.strip().strip("“”\"'").casefold(), _DECISIONS[verb])
        return
    entries = list_entries(call.services.db)[:_SHOWN]
    if not entries:
        call.say(wording.WORDS_NONE)
        return
    rows = [(one.meaning.word, _word_entry(one)) for one in entries]
    call.say("Words", [*blocks.build_fields("Customers' words", rows), blocks.build_context(wording.WORDS_HINT)])


def _decide(call: Call, word: str, state: State) -> None:
    try:
        entry = decide(call.services.db, word, state, by=call.person)
    except UnknownWord as error:
        call.say(escape_mrkdwn(str(error)))
        return
    call.services.use_words()
    told = wording.WORD_DECIDED[state].format(word=entry.meaning.word, phrase=entry.meaning.phrase)
    call.say(escape_mrkdwn(told))
    call.services.learning.announce(f"{escape_mrkdwn(told)} (by <@{call.person}>)")


def _word_entry(entry: Entry) -> str:
    meaning = entry.meaning
    state = wording.WORD_STATES[entry.state].format(by="" if entry.by == LEARNED else entry.by)
    return wording.WORD_ROW.format(
        phrase=escape_mrkdwn(meaning.phrase),
        questions=meaning.questions,
        people="one person" if meaning.people == 1 else f"{meaning.people} people",
        staff=", confirmed by staff" if meaning.by_staff else "",
        before=meaning.before,
        after=meaning.after,
        state=state,
    )
