"""The words for one value of a row: where it lies, what it means, and when it means nothing.

Holds the models and nothing that acts on them; `connectors.mapping` does. A word is either for every field or for
those of one kind (dates, amounts, codes); `connectors.agreement` says where it does not fit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictBool, Tag, model_validator

from connectors.spelling import Block, Codes, Count, Day, Texts, Wanted


def _by_name(value: Any) -> str:
    return "name" if isinstance(value, str) else "codes"


Vocabulary = Annotated[Annotated[Codes, Tag("codes")] | Annotated[str, Tag("name")], Discriminator(_by_name)]

# for editors: a type of another gateway is not mapped, every other is
MAPPED: dict[str, Any] = {
    "if": {"not": {"required": ["remote"]}},
    "then": {"required": ["key", "subject", "fields"]},
}


class Origin(Block):
    """Where a value comes from: `column` of a table, or `path` into a row of JSON."""

    column: str | None = None
    """A column of a table, as it is spelt there."""
    path: str | None = None
    """A plain name in JSON or XML (a dot goes one level down), or a JMESPath expression."""


class Match(Origin):
    """A value that equals one of the texts; `is: null` means that there is none."""

    is_: Wanted = Field(alias="is")
    """The texts that fit; null fits nothing being there."""


class Branch(Origin):
    """A row of `when`: one test written flat, or several under `all`, and the code they lead to."""

    is_: Wanted | None = Field(default=None, alias="is")
    all: tuple[Match, ...] = ()
    then: str

    @model_validator(mode="after")
    def _flat_or_all(self) -> Branch:
        if bool(self.all) == (self.is_ is not None):
            raise ValueError("write either `column`/`path` with `is`, or `all` with several tests")
        return self

    @property
    def tests(self) -> tuple[Match, ...]:
        if self.all:
            return self.all
        return (Match.model_construct(column=self.column, path=self.path, is_=self.is_ or ()),)


class Unit(Block):
    """The unit in which the platform keeps an amount (元 or 万元), and the catalogue's."""

    from_: Literal["yuan", "wan"] = Field(alias="from")
    to: Literal["wan"]


class FieldWords(Origin):
    """One catalogue field: exactly one origin (column | path | first | join | const | when) and its value words."""

    first: tuple[Origin, ...] = ()
    """Several places: the first that holds something."""
    join: tuple[Origin, ...] = ()
    """Several places that make one value: all of them or nothing; of a list (`split`) those that hold something."""
    between: str = ""
    """What stands between the parts of `join`."""
    const: str | None = None
    """Always this code of the catalogue."""
    when: tuple[Branch, ...] = ()
    """Tests in order; the first that holds gives its code of the catalogue."""
    else_: str | None = Field(default=None, alias="else")
    """The code when no test of `when` holds; left out, the value is unknown."""
    trim: StrictBool | None = None
    """Whether blanks around a text mean nothing; the type's word when left out."""
    upper: StrictBool = False
    """Letters are read as capitals."""
    null: Texts = ()
    """Words that mean nothing, beside those of the type and of the file."""
    take: Count | None = None
    """The first characters only: 6 of an area code of 9 or 12 digits."""
    split: Annotated[str, Field(min_length=1)] | None = None
    """What stands between the parts of a list that is one text."""
    vocabulary: Vocabulary | None = None
    """The platform's codes and the catalogue's that they mean, or the name of one of `vocabularies`."""
    vocabularyFile: str | None = None
    """The same from a CSV file in UTF-8 beside this one: a row of headings, then your code and the catalogue's."""
    other: Literal["refuse", "keep", "keepAsOther"] | None = "refuse"
    """What becomes of a code (or a currency) that is not known: its row is refused, it stays as it is where the
    catalogue has no list, it is the catalogue's OTHER, or it is unknown (`null`)."""
    convert: str | None = None
    """Codes of an older generation become today's: `citizenId18`."""
    check: str | None = None
    """A value that fails is unknown: `uscc`, `citizenId`, `gbt2260`."""
    date: Texts = ()
    """How days are stored: formats of %Y %m %d %H %M %S %f %z, `epochMillis`, or `native` (a database's own type)."""
    never: Texts = ()
    """Days or words that mean "without end", whatever the spelling of the day."""
    unknown: Texts = ()
    """Days or words that mean "not known", whatever the spelling of the day."""
    unknownBefore: Day | None = None
    """Earlier days are not known either: what databases write for no day at all."""
    timestamp: Texts = ()
    """How instants are stored; formats as of `date`."""
    zone: str = "Asia/Shanghai"
    """The time zone of times that do not say theirs."""
    unit: Unit | None = None
    """The unit of an amount; said always, because both occur."""
    currency: Match | None = None
    """Where the currency of an amount is, and the texts that mean yuan; see `other` for any other."""
    number: Literal["text"] | None = None
    """The one number of a sentence; a unit in it (元, 万元, 亿元) goes before the declared one."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Every place that is read, in order."""
        tests = tuple(test for branch in self.when for test in branch.tests)
        own = (self,) if self.column is not None or self.path is not None else ()
        beside = (self.currency,) if self.currency is not None else ()
        return own + self.first + self.join + tests + beside

    @property
    def codes(self) -> dict[str, str] | None:
        """The vocabulary, once a shared one has been written in (`connectors.settling`)."""
        return self.vocabulary if isinstance(self.vocabulary, dict) else None


class AsOf(Origin):
    """How fresh the platform says it is: a path into the answer, or the newest value of a column."""

    table: str | None = None
    timestamp: Texts
    zone: str = "Asia/Shanghai"


class ObjectWords(Origin):
    """A nested object, or a list of them: `path` or `column` says where they lie (a text is read as JSON), and the
    fields then are paths within one of them. Without an origin the fields lie in the row itself: one object.
    """

    fields: dict[str, FieldWords] = Field(min_length=1)
    """The fields of the object by their names in the catalogue."""

    @property
    def apart(self) -> bool:
        return self.column is not None or self.path is not None


class SubjectWords(Origin):
    """The column that holds the subject's key; `where` selects the rows whose key is of this kind."""

    where: Match | None = None
    """Which rows have a key of this kind: a type of document, as a rule."""
    upper: StrictBool = False
    """Compare without regard to case in the database, which then cannot use a plain index."""
    convert: str | None = None
    """Find the subject under its code of an older generation too: `citizenId18` for numbers of 15 digits."""
    check: str | None = None
    """Another check than the key's own."""
