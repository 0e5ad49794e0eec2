"""Errors of feedback, as types that carry the facts. The bot owns the wording for people."""


class FeedbackError(Exception):
    """Base of every error that this package raises."""


class DatabaseUnusable(FeedbackError):
    """The database cannot be opened or brought up to date. `reason` says why in one sentence, without secrets."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class UnknownReply(FeedbackError):
    """Feedback names a reply that Chip never gave."""

    def __init__(self, reply_id: str) -> None:
        super().__init__(f"no reply {reply_id}")
        self.reply_id = reply_id


class UnknownCorrection(FeedbackError):
    """A decision names a correction that does not exist."""

    def __init__(self, correction_id: str) -> None:
        super().__init__(f"no correction {correction_id}")
        self.correction_id = correction_id


class NotAllowed(FeedbackError):
    """A person's role does not permit the act."""

    def __init__(self, person: str, role: str, act: str) -> None:
        super().__init__(f"{person} ({role}) may not {act}")
        self.person = person
        self.role = role
        self.act = act


class AlreadyDecided(FeedbackError):
    """Somebody else decided it first. `by` is who; None if that is not known any more."""

    def __init__(self, what: str, by: str | None) -> None:
        super().__init__(f"{what} was decided already")
        self.by = by


class UnusableText(FeedbackError):
    """A text that is empty (`length` 0) or longer than `limit` characters."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"text of {length} characters; 1 to {limit} are needed")
        self.length = length
        self.limit = limit
