"""Names of companies and people: whether two of them are the same one, written differently."""

from __future__ import annotations

import unicodedata

_FORMS = frozenset({
    "ab", "ag", "aps", "as", "asa", "bhd", "bv", "co", "company", "corp", "corporation", "cv", "doo", "ek", "eurl",
    "ev", "gbr", "gmbh", "inc", "incorporated", "kft", "kg", "kk", "lda", "limited", "llc", "llp", "lp", "ltd", "mbh",
    "nv", "ohg", "oy", "oyj", "plc", "pte", "pty", "sa", "sarl", "sas", "sasu", "sàrl", "sci", "sdn", "sl", "slu",
    "snc", "spa", "spk", "spzoo", "srl", "srls", "sro", "ug", "vof",
})  # fmt: skip
"""Legal forms as they stand at the end of a name, without dots and spaces."""
_FORM_WORDS = 4
"""The most words a form is written in, as in `s a r l`."""
_JOINED_FORMS = (
    "股份有限公司", "有限责任公司", "有限責任公司", "有限公司", "个体工商户", "個體工商戶", "株式会社", "有限会社",
    "合同会社", "주식회사", "유한회사",
)  # fmt: skip
"""Forms of scripts that need no spaces, the longer before the shorter."""
_WITHIN_WORDS = ".'\N{RIGHT SINGLE QUOTATION MARK}`"


def same(one: str, other: str) -> bool:
    """Whether two names differ in no more than case, width, punctuation and legal form."""
    core = core_of(one)
    return bool(core) and core == core_of(other)


def core_of(name: str) -> str:
    """What is left of a name: letters and digits, folded (NFKC, case), its legal forms taken off."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    joined = "".join(letter for letter in folded if letter not in _WITHIN_WORDS)
    words = "".join(letter if _counts(letter) else " " for letter in joined).split()
    while (shorter := _without_form(words)) != words:
        words = shorter
    return _without_joined_form("".join(words))


def _counts(letter: str) -> bool:
    """Marks that combine are part of their letter in scripts such as Devanagari."""
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def _without_form(words: list[str]) -> list[str]:
    """One legal form less, unless nothing would be left."""
    for count in range(min(_FORM_WORDS, len(words) - 1), 0, -1):
        if "".join(words[-count:]) in _FORMS:
            return words[:-count]
    return words


def _without_joined_form(core: str) -> str:
    """The same in Chinese, and in Japanese and Korean, where the form may also stand in front."""
    for form in _JOINED_FORMS:
        for bare in (core.removesuffix(form), core.removeprefix(form)):
            if bare not in {core, ""}:
                return bare
    return core
