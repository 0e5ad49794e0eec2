"""Fetches one GGUF from the Hugging Face hub, after telling what it is. Knows nothing of the shelf."""

import os
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: the HTTP client's, whichever that is
    GatedRepoError,
    HTTPError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from retrain.adapter import hash_file
from retrain.bases.base import BaseModelError

PREFIX = "hf:"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A GGUF on the hub: where it is, how large, its hash as the hub says it, and its licence."""

    repository: str
    revision: str
    file: str
    size: int
    sha256: str
    licence: str


class Hub:
    """The hub, at `endpoint`, else where $HF_ENDPOINT says, else at its own address."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._api = HfApi(endpoint=endpoint or os.environ.get("HF_ENDPOINT"))

    def find(self, address: str) -> HubFile:
        """Return what `owner/repository` or `owner/repository:file` names. Raises `BaseModelError`.

        Without a file the repository must hold exactly one GGUF.
        """
        repository, _, wanted = address.removeprefix(PREFIX).partition(":")
        try:
            found = self._api.model_info(repository, files_metadata=True)
        except (HTTPError, ValueError, OSError) as error:
            raise _explain(error, repository) from error
        file = _choose(found, wanted)
        if file.lfs is None:
            raise BaseModelError(f"The hub gives no hash for {file.rfilename} of {repository}, so it is not used.")
        return HubFile(
            repository, found.sha or "main", file.rfilename, file.lfs.size, file.lfs.sha256, _read_licence(found)
        )

    def fetch(self, file: HubFile, folder: Path) -> Path:
        """Download the file into a folder and return its path. Raises `BaseModelError`, also for another hash."""
        try:
            path = Path(self._api.hf_hub_download(file.repository, file.file, revision=file.revision, local_dir=folder))
        except (HTTPError, OSError) as error:
            raise _explain(error, file.repository) from error
        if hash_file(path) != file.sha256:
            path.unlink()
            raise BaseModelError(f"{file.file} came with another hash than the hub says. Fetch it again.")
        return path


def _choose(found: ModelInfo, wanted: str) -> RepoSibling:
    files = {one.rfilename: one for one in found.siblings or () if one.rfilename.endswith(".gguf")}
    if wanted in files:
        return files[wanted]
    if not files:
        raise BaseModelError(f"{found.id} holds no GGUF file. Look for a repository whose name ends in GGUF.")
    if wanted or len(files) > 1:
        raise BaseModelError(
            f"Name one file of {found.id}, such as {PREFIX}{found.id}:{min(files)}. It has: {', '.join(sorted(files))}."
        )
    return next(iter(files.values()))


def _read_licence(found: ModelInfo) -> str:
    if found.card_data is not None and found.card_data.license:
        return str(found.card_data.license)
    tags = (tag.removeprefix("license:") for tag in found.tags or () if tag.startswith("license:"))
    return next(tags, "not stated")


def _explain(error: Exception, repository: str) -> BaseModelError:
    if isinstance(error, GatedRepoError):
        return BaseModelError(f"{repository} asks for consent: accept its terms on the hub and set HF_TOKEN.")
    if isinstance(error, RepositoryNotFoundError):
        return BaseModelError(f"The hub has no model {repository}, or it is private: then set HF_TOKEN.")
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return BaseModelError(f"{repository} is no name on the hub; write {PREFIX}owner/repository or add :file.")
    return BaseModelError(
        f"The hub could not be reached for {repository} ({type(error).__name__}). Check the network, or download the "
        "file elsewhere and run: chip models add FILE"
    )
