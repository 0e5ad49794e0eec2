"""Trainings that wait for a story's word before they begin."""

import threading

from bot.learning.learning import Learning
from retrain.report import RetrainReport
from tests.patience import PATIENCE_SECONDS


def hold_training(learning: Learning) -> threading.Event:
    """Let trainings begin only once the event that is returned is set."""
    train, may_begin = learning.run, threading.Event()

    def train_later(trigger: str, requested_by: str) -> RetrainReport:
        may_begin.wait(PATIENCE_SECONDS)
        return train(trigger, requested_by)

    learning.run = train_later
    return may_begin
