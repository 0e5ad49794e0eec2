"""The errors of a retrain, under one base. Each message is a sentence that an admin can act on."""


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
        super().__init__(f"Training ended with exit code {exit_code}: {last}")
        self.exit_code = exit_code
        self.log_tail = log_tail


class TrainingFormError(RetrainError):
    """A base whose weights cannot be trained; it can be served all the same."""


class ExportError(RetrainError):
    """Weights that cannot be written as a GGUF adapter."""


class DatasetError(RetrainError):
    """A dataset or held-out file that cannot be read or does not match its recorded hash."""


class PromotionError(RetrainError):
    """An adapter that must not serve, or a rollback with nothing to go back to."""
