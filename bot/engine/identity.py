"""Names the engine's settings by a short hash, so that every reply records the settings that it was made with."""

import hashlib

import llama_cpp

from config.settings import EngineSettings

_SHAPING = (
    "slots",
    "threads",
    "context_tokens",
    "park_megabytes",
    "draft_tokens",
    "flash_attention",
    "url",
    "url_model",
)
"""The settings that can change what is computed and how fast."""


def name_settings(settings: EngineSettings) -> str:
    """Return eight hexadecimal digits for these settings and the version of llama.cpp's binding."""
    chosen = "\n".join(f"{name}={getattr(settings, name)}" for name in _SHAPING)
    return hashlib.sha256(f"{llama_cpp.__version__}\n{chosen}".encode()).hexdigest()[:8]
