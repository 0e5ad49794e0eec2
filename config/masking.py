"""Masks the secrets inside addresses, wherever an address is shown."""

import re

MASK = "****"
# Greedy: a password may hold any character, even an @ or a /. In a web address the user's name is often the token.
_WEB = re.compile(r"(?P<before>\bhttps?://)\S*@(?=\S)")
_OTHER = re.compile(r"(?P<before>\b[\w+.-]+://[^\s:/@]*:)\S*@(?=\S)")
_PARAMETER = re.compile(r"(?P<before>[?&][\w.-]*(?:passw|token|secret|key|sig|auth)[\w.-]*=)[^&\s#]+", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """Return a text with the passwords and tokens in its addresses masked."""
    text = _WEB.sub(rf"\g<before>{MASK}@", text)
    text = _OTHER.sub(rf"\g<before>{MASK}@", text)
    return _PARAMETER.sub(rf"\g<before>{MASK}", text)
