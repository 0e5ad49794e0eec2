"""Names that Slack shows of a conversation's people stay out of what is trained on."""

from bot.learning.participants import build_find_names
from feedback import corrections
from retrain.curate import Privacy, curate
from retrain.settings import CurateSettings
from tests.loop.conftest import ADA, CLEO, HELP, SAM, Chip

QUESTION = "@Chip Cleo and Sam ask: how long does the Tansy 4 run on one charge?"


def test_the_names_of_all_who_wrote_in_the_thread_are_masked_and_those_of_others_are_not(chip: Chip) -> None:
    first = chip.ask(CLEO, "@Chip Is the Tansy 4 good? Cleo wants to know.", HELP)
    chip.ask(SAM, QUESTION, HELP, first["thread_ts"])
    message = [m for m in chip.workspace.messages(HELP) if m.bot_id][-1]
    reply = chip.reply_at(HELP, {"ts": message.ts})
    corrections.record_correction(
        chip.core.db, reply_id=reply.id, person=ADA, role="admin", text="Dear Cleo, 75 minutes. Ask Ada or Sam."
    )
    assert chip.services is not None
    find_names = build_find_names(chip.core.db, chip.services.directory, chip.services.bot_user)
    curated = curate(
        chip.core.db, CurateSettings(variations=0), seed=1, heldout=[], privacy=Privacy(find_names=find_names)
    )

    (example,) = curated.examples
    assert example.question == "[name 1] and [name 2] ask: how long does the Tansy 4 run on one charge?"
    assert example.target == "Dear [name 1], 75 minutes. Ask [name 3] or [name 2]."
    assert "Cleo" not in "".join(turn.content for turn in example.messages)
    chip.settle()
