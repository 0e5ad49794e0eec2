"""Secrets inside of addresses, masked wherever an address is shown."""

import re

MASK = "****"
# Greedy: a password may hold any character, an @ or a / too. Over the web the name is often the token itself.
_WEB = re.compile(r"(?P<before>\bhttps?://)\S*@(?=\S)")
_OTHER = re.compile(r"(?P<before>\b[\w+.-]+://[^\s:/@]*:)\S*@(?=\S)")
_PARAMETER = re.compile(r"(?P<before>[?&][\w.-]*(?:passw|token|secret|key|sig|auth)[\w.-]*=)[^&\s#]+", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """Return a text with the passwords and tokens in its addresses masked."""
    text = _WEB.sub(rf"\g<before>{MASK}@", text)
    text = _OTHER.sub(rf"\g<before>{MASK}@", text)
    return _PARAMETER.sub(rf"\g<before>{MASK}", text)
