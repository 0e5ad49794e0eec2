"""Personal data out of text. Others import what stands here; the modules beside it each find one kind."""

from feedback.privacy.masking import Masker, mask_personal_data
from feedback.privacy.names import FindNames, NameReaderError, read_names
from feedback.privacy.people import Person, group_names
from feedback.privacy.public import Public, read_public

__all__ = [
    "FindNames",
    "Masker",
    "NameReaderError",
    "Person",
    "Public",
    "group_names",
    "mask_personal_data",
    "read_names",
    "read_public",
]
