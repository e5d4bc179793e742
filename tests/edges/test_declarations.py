"""Declarations of platforms: every mistake is found when they are read, with file, line and the right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.kinds import KINDS
from connectors.registry import Registry, load, region_prefix
from connectors.spelling import DeclarationError
from gateway.checking import terms_of, warnings
from gateway.documents import Document
from tests.edges import drafts
from tests.edges.drafts import rules_of
from tests.edges.invented import (
    HEAD,
    REST_SOURCE,
    REST_TYPE,
    SQL_SOURCE,
    SQL_TYPE,
    TERMS,
    Surroundings,
    connector,
    declaration,
    registered,
)
from tests.edges.test_policy_rules import HEAD as CITY
from tests.edges.test_policy_rules import rule

TEMPLATES = Path(__file__).parents[2] / "connectors/platforms"


def refused(*documents: Document) -> str:
    with pytest.raises(DeclarationError) as caught:
        load(documents, TERMS)
    return str(caught.value)


def test_a_whole_declaration_says_what_the_platform_answers() -> None:
    """A declaration becomes a platform with its claim, limits, owner and region."""
    permit = SQL_TYPE + "absent: [holder]\nfilters: {state: [eq, in]}\nbatch: 50\n"
    platform = registered(SQL_SOURCE, permit).platforms["370100-invented"]
    claim = platform.claim("Permit")
    assert claim.fields == frozenset({"state"})
    assert claim.absent == frozenset({"holder"})
    assert claim.keys == frozenset({"uscc"})
    assert claim.filters == {"state": frozenset({"eq", "in"})}
    assert claim.batch == 50
    assert (platform.region, platform.source("Permit").limits.max_rows) == ("370100", 100)
    assert platform.owner == "虚构办公室 (ops@invented.example)"


def test_processes_share_a_platforms_limits() -> None:
    """Of four processes each has a quarter of a platform's bounds, and one call at once at least."""
    source = SQL_SOURCE.replace("limits: {", "limits: {concurrency: 8, perSecond: 2, ")
    assert source != SQL_SOURCE
    shares = [load([declaration(source, SQL_TYPE)], TERMS, processes) for processes in (1, 4, 64)]
    limits = [share.platforms["370100-invented"].source("Permit").limits for share in shares]
    assert [(each.concurrency, each.per_second) for each in limits] == [(8, 2.0), (2, 0.5), (1, 1 / 32)]
    assert {each.max_rows for each in limits} == {100}


SQL_MISTAKES = [
    (
        "unknown field",
        ("state:", "stat:"),
        "370100-invented.yaml:18: unknown field `Permit.stat`, did you mean `state`?",
    ),
    (
        "control field left out",
        ('state: {column: STATE, vocabulary: {"1": ACTIVE, "2": REVOKED}}', "holder: {column: N}"),
        "`Permit.state` decides which rows may be shown: map it, or say under `notApplicable` why not",
    ),
    (
        "code outside the catalogue",
        ("REVOKED", "REVOKD"),
        "`REVOKD` is not a code of `Permit.state`, did you mean `REVOKED`?",
    ),
    ("a text for a list", ("key: [ID]", "key: ID"), "370100-invented.yaml:15: `key`: a list is expected: `[...]`"),
    (
        "a text for words",
        ("{uscc: {column: CODE}}", "CODE"),
        "370100-invented.yaml:16: `subject`: words with values are expected: `{word: value}`",
    ),
    ("a text for yes or no", ("key: [ID]", "key: [ID]\ntrim: yes"), "`trim`: `true` or `false` is expected"),
    ("a text for a number", ("key: [ID]", "key: [ID]\nbatch: many"), "`batch`: a whole number is expected"),
    ("code that is a number", ('"1": ACTIVE', '"1": 5'), "`1` is a code: write it in quotes"),
    ("unknown word", ("vocabulary", "vocabulry"), "unknown word `vocabulry`, did you mean `vocabulary`?"),
    (
        "date on an enum",
        ('{column: STATE, vocabulary: {"1": ACTIVE, "2": REVOKED}}', '{column: STATE, date: "%Y-%m-%d"}'),
        "`date` does not fit `Permit.state`, which is of kind enum",
    ),
    ("path in a table", ("{column: CODE}", "{path: CODE}"), "`path` is not a word of kind sql; write `column`"),
    ("no table", ("table: permits\n", ""), "`table` is missing (kind sql)"),
    (
        "a word of another kind",
        ("table: permits", "table: permits\nrows: data"),
        "`rows` is a word of kind graphql, rest, soap and static, this source is sql",
    ),
    ("unknown subject key", ("uscc:", "uscd:"), "unknown word `uscd`"),
    (
        "two origins",
        ("{column: STATE, vocab", "{column: STATE, const: ACTIVE, vocab"),
        "needs exactly one of column or path, first, join, const, when",
    ),
    (
        "an excuse without need",
        ("key: [ID]", 'key: [ID]\nnotApplicable: {holder: "not kept in this city"}'),
        "`Permit.holder` is no control field; list it under `absent`",
    ),
    ("mapped and absent", ("key: [ID]", "key: [ID]\nabsent: [state]"), "is mapped and also said to be missing"),
    (
        "a null word that marks deleted rows",
        ("key: [ID]", 'key: [ID]\nnull: [x, "9"]\ndeleted: {column: GONE, is: "9"}'),
        "370100-invented.yaml:17: `9` is a word for nothing",
    ),
    ("unknown check", ("{column: CODE}", "{column: CODE, check: usc}"), "unknown check `usc`, did you mean `uscc`?"),
]


@pytest.mark.parametrize(
    ("edit", "message"), [case[1:] for case in SQL_MISTAKES], ids=[case[0] for case in SQL_MISTAKES]
)
def test_a_mistake_in_a_type_is_found(edit: tuple[str, str], message: str) -> None:
    """What does not fit catalogue or kind is refused with its line and what to do."""
    assert edit[0] in SQL_TYPE
    text = refused(declaration(SQL_SOURCE, SQL_TYPE.replace(*edit)))
    assert message in text
    assert all(line.startswith("370100-invented.yaml:") for line in text.splitlines())


FIELDS = [
    ("an amount says its unit", "fine: {column: F}", "say how it is stored, `unit: {from: yuan, to: wan}`"),
    ("a date says its format", "decided: {column: D}", "say how it is stored, `date: [format]`"),
    ("a list says its separator", "kinds: {column: K}", "say what stands between the parts, `split`"),
    ("a format is made of known parts", 'decided: {column: D, date: "%d.%b.%y"}', "is not a format"),
    (
        "a day is read in one way",
        'decided: {column: D, date: ["%Y/%m/%d", "%Y-%m-%d", "%Y-%d-%m"]}',
        "`%Y-%m-%d` and `%Y-%d-%m` read one text as two different days: keep one of them",
    ),
    (
        "a null word is no code",
        'young: {column: Y, null: "0", vocabulary: {"1": "true", "0": "false"}}',
        "`0` is a word for nothing (`null`), and never read as what it says here: take one out",
    ),
    (
        "a null word is no test",
        'young: {null: "1", when: [{column: Y, is: ["1", "2"], then: "true"}], else: "false"}',
        "`1` is a word for nothing",
    ),
    (
        "a null word is no end",
        'until: {column: D, date: "%Y", null: 长期, never: 长期}',
        "`长期` is a word for nothing",
    ),
    ("a zone exists", 'touched: {column: T, timestamp: "%Y-%m-%d", zone: Asia/Jinan}', "unknown time zone"),
    ("a single name is not split", 'holder: {column: H, split: ","}', "`split` does not fit `Permit.holder`"),
    ("a flag is true or false", 'young: {const: "yes"}', "`yes` is not a code of `Permit.young`"),
    ("when needs no conversion", "state2: {const: ACTIVE}", "unknown field `Permit.state2`"),
    (
        "a branch tests something",
        'young: {when: [{column: Y, then: "true"}]}',
        "write either `column`/`path` with `is`",
    ),
]


@pytest.mark.parametrize(("field", "message"), [case[1:] for case in FIELDS], ids=[case[0] for case in FIELDS])
def test_a_field_must_fit_its_kind(field: str, message: str) -> None:
    """Value words are checked against the catalogue's kind of the field."""
    assert message in refused(declaration(SQL_SOURCE, f"{SQL_TYPE}  {field}\n"))


FILTERS = [
    (
        "several formats do not sort",
        "decided",
        'decided: {column: D, date: ["%Y-%m-%d", "%Y%m%d"]}',
        "[range]",
        "a single stored format",
    ),
    (
        "day first does not sort",
        "decided",
        'decided: {column: D, date: "%d/%m/%Y"}',
        "[range]",
        "does not sort as text",
    ),
    (
        "amounts are not turned round",
        "fine",
        "fine: {column: F, unit: {from: yuan, to: wan}}",
        "[eq]",
        "cannot be turned round",
    ),
    (
        "several origins are not turned round",
        "holder",
        "holder: {first: [{column: A}, {column: B}]}",
        "[eq]",
        "one plain origin",
    ),
    ("a range of names means nothing", "holder", "holder: {column: A}", "[range]", "dates and timestamps only"),
    ("an unmapped field", "holder", "", "[eq]", "is filtered but not mapped"),
]


@pytest.mark.parametrize(
    ("name", "field", "ops", "message"), [case[1:] for case in FILTERS], ids=[case[0] for case in FILTERS]
)
def test_a_filter_that_cannot_be_exact_is_refused(name: str, field: str, ops: str, message: str) -> None:
    """A declared filter must be an exact inverse of the mapping, or the declaration is refused at its line."""
    text = refused(declaration(SQL_SOURCE, f"{SQL_TYPE}  {field}\nfilters: {{{name}: {ops}}}\n"))
    assert message in text
    assert text.startswith("370100-invented.yaml:20: ")


REST_MISTAKES = [
    ("unknown placeholder", ("{subject}", "{uscc}"), "unknown placeholder `{uscc}`; known: `{projection}`"),
    ("no subject", ("{subject}", "fixed"), "the request names no subject"),
    ("a batch of one", ("key: [id]", "key: [id]\nbatch: 5"), "`{subject}` is one at a time"),
    ("a body in a GET", ("query:", "json:"), "a GET has no body"),
    ("a whole URL as path", ("/permits", "https://elsewhere.example/"), "a path begins with `/`"),
    ("rows that are no path", ("rows: rows", "rows: rows["), "not a JMESPath expression"),
    (
        "projection of an expression",
        ('"{subject}"}}', '"{subject}", f: "{projection}"}}'),
        "`{projection}` needs plain names, `[0].state` is not one",
    ),
    (
        "a filter without parameter",
        ("key: [id]", "key: [id]\nfilters: {state: [eq]}"),
        "`eq` and `in` have one parameter",
    ),
    ("a credential in a parameter", ('"{subject}"', '"{subject}", pwd: hunter2'), "looks like a credential"),
]


@pytest.mark.parametrize(
    ("edit", "message"), [case[1:] for case in REST_MISTAKES], ids=[case[0] for case in REST_MISTAKES]
)
def test_a_mistake_in_a_request_is_found(edit: tuple[str, str], message: str) -> None:
    """Requests, paths and parameters are checked before anything is asked."""
    assert edit[0] in REST_TYPE
    text = refused(declaration(REST_SOURCE, REST_TYPE.replace("path: state", 'path: "[0].state"').replace(*edit)))
    assert message in text
    assert "hunter2" not in text


def test_an_unknown_way_to_prove_oneself_is_told_with_the_nearest() -> None:
    """Each has words of its own, so its name is looked at first."""
    text = refused(declaration(REST_SOURCE + "    auth: {kind: apikey, header: X-Key}\n", REST_TYPE))
    assert text == "370100-invented.yaml:12: unknown word `apikey` for `kind`, did you mean `apiKey`?"


SECRETS = [
    'url: "sqlite+aiosqlite:////var/credit.db"',
    "url: postgresql+asyncpg://credit:hunter2@db/credit",
    "base: http://127.0.0.1:8080",
    "base: https://platform.example",
    "base: env:BASE\n    auth: {kind: basic, user: somebody, password: secret:city/password}",
    "base: env:BASE\n    auth: {kind: basic, user: env:USER, password: hunter2}",
    "base: env:BASE\n    auth: {kind: apiKey, header: X-Key, value: hunter2}",
    "base: env:BASE\n    headers: {Authorization: Bearer hunter2}",
    "base: env:BASE\n    headers: {X-Api-Key: hunter2}",
]


@pytest.mark.parametrize("line", SECRETS)
def test_literal_secrets_and_settings_are_refused(line: str) -> None:
    """Addresses, users, passwords and keys are references without exception; the message repeats none of them."""
    kind, permit = ("sql", SQL_TYPE) if line.startswith("url") else ("rest", REST_TYPE)
    text = refused(declaration(f"sources:\n  main:\n    kind: {kind}\n    {line}\n", permit))
    assert "`env:NAME` or `secret:path`" in text
    assert "hunter2" not in text
    assert "platform.example" not in text


HEADS = [
    ('region: "370100"', "region: 370100", "`region` is a code: write it in quotes"),
    ("platform: 370100-invented", "platform: 370100-other", "`370100-other` is not the file's name"),
    ('region: "370100"', 'region: "370200"', "begins with another region"),
    ('region: "370100"', 'region: "37０100"', "not written as it should be, such as `370200`"),
    (">=2026 <2027", ">=2027", "written for catalogue >=2027, this is 2026.11"),
    (
        "version: 1.0.0",
        "version: 1.0.0\nauthorityOf: [Permits]",
        "`Permits` is not a type of this platform, did you mean",
    ),
    ("version: 1.0.0", "version: 1.0.0\nstaleAfter: 36", "write a duration such as"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), HEADS)
def test_a_mistake_about_the_platform_is_found(right: str, wrong: str, message: str) -> None:
    """Identity, region and versions are checked, each at its line."""
    text = refused(declaration(SQL_SOURCE, SQL_TYPE, HEAD.replace(right, wrong)))
    assert message in text


def test_an_unknown_kind_or_type_gets_the_nearest_right_word() -> None:
    """A misspelt kind or record type is answered with the word that was meant."""
    assert "370100-invented.yaml:9: unknown kind `rset`, did you mean `rest`?" in refused(
        declaration(REST_SOURCE.replace("kind: rest", "kind: rset"), REST_TYPE)
    )
    permits = "types: {Permits: {key: [a], subject: {uscc: {path: a}}, fields: {state: {path: b}}}}\n"
    renamed = Document("370100-invented.yaml", (HEAD + REST_SOURCE + permits).encode())
    assert "unknown record type `Permits`, did you mean `Permit`?" in refused(renamed)


def test_every_finding_of_every_file_is_told_at_once() -> None:
    """One wrong file does not hide the mistakes of another, and nothing is registered."""
    first = declaration(SQL_SOURCE, SQL_TYPE.replace("REVOKED", "GONE"))
    second = declaration(
        SQL_SOURCE, SQL_TYPE.replace("table: permits\n", ""), HEAD.replace("370100", "370200"), "370200-invented.yaml"
    )
    text = refused(first, second)
    assert "370100-invented.yaml:" in text
    assert "370200-invented.yaml:" in text


def test_a_platform_is_declared_once() -> None:
    """Two declarations of one platform are refused."""
    assert "is declared twice" in refused(declaration(SQL_SOURCE, SQL_TYPE), declaration(SQL_SOURCE, SQL_TYPE))


def several(*regions: str) -> Registry:
    return load(
        [
            declaration(SQL_SOURCE, SQL_TYPE, HEAD.replace("370100", region), f"{region}-invented.yaml")
            for region in regions
        ],
        TERMS,
    )


@pytest.mark.parametrize(
    ("asked", "answering"),
    [
        ((), ["310000", "370000", "370200", "371000", "371100"]),
        (("370000",), ["370000", "370200", "371000", "371100"]),
        (("370200",), ["370000", "370200"]),
        (("371000",), ["370000", "371000"]),
        (("370202",), ["370000", "370200"]),
        (("310000", "371100"), ["310000", "370000", "371100"]),
        (("440000",), []),
    ],
)
def test_a_question_reaches_the_platforms_of_its_regions(asked: tuple[str, ...], answering: list[str]) -> None:
    """A province covers its cities and a city is covered by its province; Weihai (3710) is not Rizhao (3711)."""
    registry = several("371100", "370200", "310000", "370000", "371000")
    assert [platform.region for platform in registry.for_type("Permit", asked)] == answering
    assert registry.for_type("Registration", asked) == ()


def test_a_city_where_no_platform_lies_is_told() -> None:
    """A city's file with a slip in its code limits nothing: who starts the gateway, or checks the home, reads it."""
    limit = rule(grant="", limit="deny")
    registry = several("370600", "370000")
    for code, told in (("3706", False), ("370602", True), ("3760", True)):
        policies = rules_of(CITY["city"].replace("3706", code) + limit)
        assert (
            any(f"limits records of {code}, where no platform lies" in w for w in warnings(policies, registry)) is told
        )


def test_zeros_are_cut_in_pairs() -> None:
    """The prefix of 371000 keeps its zero: 3710 is a city, 371 is nothing."""
    assert [region_prefix(code) for code in ("370000", "371000", "370202", "000000")] == ["37", "3710", "370202", ""]


async def test_opening_names_the_setting_and_never_its_value() -> None:
    """A setting that cannot be used stops the start, by platform, source and reference."""
    rest = registered(REST_SOURCE, REST_TYPE)
    with pytest.raises(ValueError, match=r"370100-invented, source `main`: `env:INVENTED_BASE`") as caught:
        await rest.open(Surroundings({"env:INVENTED_BASE": "http://somebody:hunter2@platform.example"}))
    assert "hunter2" not in str(caught.value)
    sql = registered(SQL_SOURCE, SQL_TYPE)
    with pytest.raises(ValueError, match=r"`env:INVENTED_URL` is not the URL of an asynchronous") as caught:
        await sql.open(Surroundings({"env:INVENTED_URL": "sqlite:////hunter2.db"}))
    assert "hunter2" not in str(caught.value)


def test_the_kinds_are_a_list_that_can_be_read() -> None:
    """What is compiled in is written out by name, and each connector keeps to the contract's five verbs."""
    assert set(KINDS) == {"chaos", "file", "graphql", "peer", "rest", "soap", "sql", "static"}
    made = connector(registered(SQL_SOURCE, SQL_TYPE))
    assert all(callable(getattr(made, verb)) for verb in ("claims", "open", "close", "health", "fetch"))


def test_the_templates_are_whole_declarations_of_the_shipped_catalogue() -> None:
    """The files that operators copy have no mistake but their names, and show every kind."""
    templates = [
        Document(f"370100{path.name.replace('_', '-')}", path.read_bytes(), TEMPLATES)
        for path in sorted(TEMPLATES.glob("_*.yaml"))
    ]
    platforms = load(templates, terms_of(drafts.catalogue())).platforms
    assert {source.kind for each in platforms.values() for source in each.sources.values()} == set(KINDS)
