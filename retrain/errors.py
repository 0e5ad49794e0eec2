"""The errors of a retrain, under one base. Each message is a sentence that an admin can act on."""

import signal

OUT_OF_MEMORY = (
    "The system killed the training, as it does when memory runs out. Nothing has changed. Free some memory or take a "
    "smaller base (`chip models list`), and train again."
)


class RetrainError(Exception):
    """A retrain, promotion or rollback that could not be done."""


class RetrainRunning(RetrainError):
    """Another retrain holds the lock."""

    def __init__(self, since: str) -> None:
        super().__init__(f"A retrain is already running since {since}.")
        self.since = since


class RetrainNotNeeded(RetrainError):
    """Another process learned from the same feedback a moment ago."""

    def __init__(self) -> None:
        super().__init__("Another training has just learned from all that was said.")


class RetrainStopped(RetrainError):
    """The process is ending, and the retrain with it. All feedback stays for the next one."""

    def __init__(self) -> None:
        super().__init__("The training was broken off because Chip was stopped.")


class TrainingFailed(RetrainError):
    """The training process ended without an adapter. `log_tail` are the last lines that it wrote."""

    def __init__(self, exit_code: int, log_tail: tuple[str, ...]) -> None:
        last = log_tail[-1] if log_tail else "it wrote nothing"
        ended = f"Training ended with exit code {exit_code}: {last}"
        super().__init__(OUT_OF_MEMORY if exit_code == -signal.SIGKILL else ended)
        self.exit_code = exit_code
        self.log_tail = log_tail


class TrainingDiverged(RetrainError):
    """The loss or a weight became infinite or no number at all."""

    def __init__(self, epoch: int) -> None:
        super().__init__(
            f"The training lost its way in epoch {epoch}: its loss is no number any more. Nothing has changed. Train "
            "again; if it happens again, lower `learning_rate` in retrain/settings.py."
        )


class DiskFull(RetrainError):
    """There is no room for what a retrain writes."""

    def __init__(self) -> None:
        super().__init__("The disk is full. Free some space and train again; nothing has changed.")


class TrainingFormError(RetrainError):
    """A base whose weights cannot be trained; it can be served all the same."""


class ExportError(RetrainError):
    """Weights that cannot be written as a GGUF adapter."""


class DatasetError(RetrainError):
    """A dataset or held-out file that cannot be read or does not match its recorded hash."""


class PromotionError(RetrainError):
    """An adapter that must not serve, or a rollback with nothing to go back to."""
