"""What holds for the whole suite: every payload that Chip sends to any workspace of any test is valid Block Kit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workspace.server import LocalWorkspace
from tests.block_kit_oracle import find_objections

# Here it is the tests that send, wrong things among them, to see that the workspace refuses them.
OF_THE_WORKSPACE = Path(__file__).parent / "bot" / "workspace"


LONGEST_ID = 48


def pytest_make_parametrize_id(val: object) -> str | None:
    """Cut a long text, so that the name of a test fits in a line. pytest numbers those that are then the same."""
    if not isinstance(val, str):
        return None
    shown_length = len(val.encode("unicode_escape"))
    return None if shown_length <= LONGEST_ID else val[: LONGEST_ID * len(val) // shown_length]


class Judges:
    """Look at all that the workspaces were sent; `running` may serve several tests."""

    def __init__(self) -> None:
        self.running: list[LocalWorkspace] = []
        self.objections: list[str] = []

    def look(self, workspace: LocalWorkspace) -> None:
        self.objections += find_objections(workspace.calls())


@pytest.fixture(scope="session")
def judges() -> Iterator[Judges]:
    judges = Judges()
    start, stop = LocalWorkspace.start, LocalWorkspace.stop

    def start_and_note(workspace: LocalWorkspace) -> None:
        start(workspace)
        judges.running.append(workspace)

    def look_and_stop(workspace: LocalWorkspace) -> None:
        if workspace in judges.running:
            judges.running.remove(workspace)
            judges.look(workspace)
        stop(workspace)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalWorkspace, "start", start_and_note)
        patch.setattr(LocalWorkspace, "stop", look_and_stop)
        yield judges


@pytest.fixture(autouse=True)
def _block_kit_is_valid(request: pytest.FixtureRequest, judges: Judges) -> Iterator[None]:
    yield
    if OF_THE_WORKSPACE in request.path.parents:
        judges.running.clear()
        judges.objections.clear()
        return
    for workspace in judges.running:
        judges.look(workspace)
    found, judges.objections = judges.objections, []
    assert found == []
