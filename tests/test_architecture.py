"""The house rules that cost little run with the tests too, so that nobody learns of them late."""

from __future__ import annotations

from tests.house import files, locks, names, sizes, words


def test_no_file_names_a_registry_a_machine_or_an_open_end() -> None:
    assert words.faults() == []


def test_locks_carry_hashes_name_no_address_and_answer_pyproject() -> None:
    assert locks.faults() == []


def test_files_and_functions_stay_within_the_hard_limits() -> None:
    assert sizes.faults() == []


def test_the_domain_is_pure_and_names_have_meaning() -> None:
    assert names.faults() == []


def test_every_noun_of_the_domain_says_what_it_is() -> None:
    silent = [path for path in files.python(*files.PRODUCT) if not files.text(path).startswith(('"""', 'r"""'))]
    assert silent == []
