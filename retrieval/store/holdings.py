"""What the index holds and whether it is well, for the people who look after it: counts, losses, reads, problems."""

from dataclasses import dataclass
from datetime import datetime

from retrieval.passage import CUSTOMER_SCOPE
from retrieval.reading.loss import Loss
from retrieval.store.index import Index
from retrieval.store.reading_log import Remarked, Sync
from retrieval.store.vectors import VectorsDamagedError


@dataclass(frozen=True, slots=True)
class Counts:
    """How many documents and passages can be searched, and how many of the documents customers may read."""

    documents: int
    passages: int
    for_customers: int


class Holdings:
    """The state of one index."""

    def __init__(self, index: Index) -> None:
        """Look at nothing yet."""
        self._index = index
        self._catalogue = index.catalogue

    def count(self) -> Counts:
        """Return how much can be searched."""
        return Counts(*self._catalogue.count(), self._catalogue.count_readable(CUSTOMER_SCOPE.audiences))

    def count_documents(self, origin: str) -> int:
        """Return how many documents of a source are indexed."""
        return len(self._catalogue.list_documents(origin))

    def list_losses(self) -> list[Loss]:
        """Return the documents that gave no passage, or lost more than a tenth of the words that a person sees."""
        return self._catalogue.list_losses()

    def list_remarks(self, origin: str | None = None) -> list[Remarked]:
        """Return what is to be said of the heads of a source's documents, or of all; the commonest first."""
        return self._catalogue.reading_log.count_remarks(origin)

    def record_sync(self, origin: str, at: datetime, problem: str) -> None:
        """Note when a source was read and why that failed; "" if it did not fail."""
        self._catalogue.reading_log.record_sync(origin, Sync(at, problem))

    def list_syncs(self) -> dict[str, Sync]:
        """Return when each source was last read into this index."""
        return self._catalogue.reading_log.list_syncs()

    def find_problems(self) -> list[str]:
        """Return what is wrong with the index and how to mend it, in sentences; `[]` if all is well."""
        problems = list(self._index.mended)
        if not self.count().documents:
            problems.append("No document is indexed. Run `chip ingest` on the folder of documents.")
        try:
            stored = self._index.vectors.count()
        except VectorsDamagedError as error:
            problems.append(f"Chroma cannot be read ({error.reason}). Restart Chip: it rebuilds the directory.")
        else:
            wanted = self._catalogue.count_units()
            if stored != wanted:
                problems.append(f"Chroma holds {stored} vectors and the catalogue {wanted}. Restart Chip to mend it.")
        return problems
