"""Whatever the fuzzer began with or kept is read without anything but our own errors, in every run of the tests."""

from __future__ import annotations

import pytest

from tests.fuzz import targets


@pytest.mark.parametrize("name", targets.TARGETS)
def test_only_our_errors_leave(name: str) -> None:
    for data in targets.corpus(name):
        targets.run(name, data)


def test_every_kept_corpus_is_of_a_reader_and_small() -> None:
    for file in targets.KEPT.iterdir():
        assert file.stem in targets.TARGETS
        assert file.stat().st_size <= 256 * 1024
