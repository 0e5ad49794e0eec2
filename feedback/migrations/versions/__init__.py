"""One module for each revision, `m<number>_<what>.py`. A revision that was released is never edited."""
